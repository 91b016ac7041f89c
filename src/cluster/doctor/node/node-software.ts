import type { NodeReport } from '../../../session-api/node-report.ts';
import type { Node } from '../../api/objects/kubernetes-objects.ts';
import { linkDocs } from '../../../failure/docs-link.ts';
import { type CheckResult, leaveOpen, pass, warn } from '../finding.ts';

/** Runtimes whose CRI sockets the agent knows (src/agent/cri), each with the first version that has CRI v1. */
const runtimes: Record<string, [major: number, minor: number]> = {
  // https://github.com/containerd/containerd/releases/tag/v1.6.0
  containerd: [1, 6],
  // Any: its versions are those of Kubernetes, which needs CRI v1 itself since 1.26.
  'cri-o': [0, 0],
};
/** The first kubelet that does not start on cgroup v1, unless it is configured to: https://kep.k8s.io/5573. */
const firstWithoutCgroupV1 = 35;
/** The agent runs on Node.js, which supports no older one: https://github.com/nodejs/node/blob/main/BUILDING.md */
const firstKernel = [4, 18] as const;

/** Checks a node's container runtime by its status. */
export function checkRuntime({ status }: Node): CheckResult {
  const text = status.nodeInfo.containerRuntimeVersion;
  const [, name = '', version = ''] = /^([^:]+):\/\/(.*)$/.exec(text) ?? [];
  if (name === '') return leaveOpen('the node does not report its runtime');
  if (name === 'docker')
    return warn(
      `${text}, by cri-dockerd`,
      `With Kubernetes 1.36 every exec through cri-dockerd fails: see ${linkDocs('docs/distributions.md')}.`,
    );
  const least = runtimes[name];
  if (!least)
    return warn(
      `${text} is not a known runtime`,
      "Where the agent does not find the runtime's socket, it finds targets by their cgroups.",
    );
  const own = parseVersion(version);
  if (own === null || !isBelow(own, least)) return pass(text);
  return warn(
    `${text} does not speak CRI v1`,
    `CRI v1 came with ${name} ${least.join('.')}. Targets are found by their cgroups instead.`,
  );
}

/** Checks the version of a node's kernel. */
export function checkKernel({ status }: Node): CheckResult {
  const text = status.nodeInfo.kernelVersion;
  const own = parseVersion(text);
  if (own === null) return leaveOpen('the node does not report its kernel');
  if (!isBelow(own, firstKernel)) return pass(`Linux ${text}`);
  return warn(
    `Linux ${text} is older than ${firstKernel.join('.')}`,
    'The agent may not start: upgrade the node.',
  );
}

/**
 * Checks a node's cgroup version. The node's status does not have it: an agent reports it, and a kubelet on v1 creates an
 * Event when it starts.
 * @param isV1 whether that Event was found; Events are kept for an hour by default.
 * @param report null when no agent has reported.
 */
export function checkCgroups(
  { metadata, status }: Node,
  isV1: boolean,
  report: NodeReport | null,
): CheckResult {
  if (report !== null && report.missingLimits.length > 0)
    return warn(
      `v${report.cgroupVersion}, but sessions have no limit by ${report.missingLimits.join(' and ')}`,
      "A session can take the agent's memory or the node's PIDs. The agent's log says why.",
    );
  if (report?.cgroupVersion === 2) return pass('v2');
  if (isV1 || report?.cgroupVersion === 1)
    return warn(
      'v1, deprecated by Kubernetes; sessions work with both',
      'Move the node to v2: https://kubernetes.io/docs/concepts/architecture/cgroups/',
    );
  const kubelet = parseVersion(status.nodeInfo.kubeletVersion.replace(/^v/, ''));
  if (kubelet !== null && !isBelow(kubelet, [1, firstWithoutCgroupV1]))
    return pass(`v2 (kubelet ${status.nodeInfo.kubeletVersion} does not start on v1 by default)`);
  return leaveOpen(
    'the node does not report its version; sessions work with v1 and v2',
    `\`kubectl crashcart doctor node/${metadata.name} --start-agent\` starts an agent to ask.`,
  );
}

function parseVersion(text: string): [major: number, minor: number] | null {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined || minor === undefined ? null : [Number(major), Number(minor)];
}

function isBelow(
  [major, minor]: readonly [number, number],
  [leastMajor, leastMinor]: readonly [number, number],
) {
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}
