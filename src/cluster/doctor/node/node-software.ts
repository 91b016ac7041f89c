import type { NodeReport } from '../../../session-api/node-report.ts';
import type { Node } from '../../api/kubernetes-objects.ts';
import { approve, type Verdict } from '../finding.ts';

/** Runtimes whose CRI sockets the agent knows (src/agent/cri), each with the first version that has CRI v1. */
const runtimes: Record<string, [major: number, minor: number]> = {
  // https://github.com/containerd/containerd/releases/tag/v1.6.0
  containerd: [1, 6],
  // Its versions are those of Kubernetes, which asks for CRI v1 itself since 1.26.
  'cri-o': [0, 0],
};
/** From this kubelet on, one on cgroup v1 does not start unless it is told to: https://kep.k8s.io/5573. */
const firstWithoutCgroupV1 = 35;
/** Node.js, which the agent is, supports none before: https://github.com/nodejs/node/blob/main/BUILDING.md */
const firstKernel = [4, 18] as const;

/** Judges a node's container runtime by what its status says. */
export function judgeRuntime({ status }: Node): Verdict {
  const text = status.nodeInfo.containerRuntimeVersion;
  const [, name = '', version = ''] = /^([^:]+):\/\/(.*)$/.exec(text) ?? [];
  if (name === '') return { state: 'unknown', found: 'the node does not tell its runtime', mend: null };
  if (name === 'docker') {
    const mend = 'With Kubernetes 1.36 every exec through cri-dockerd fails: see docs/distributions.md.';
    return { state: 'warning', found: `${text}, by cri-dockerd`, mend };
  }
  const least = runtimes[name];
  if (!least) {
    const mend = "Targets are found by their cgroups if the agent doesn't find the runtime's socket.";
    return { state: 'warning', found: `${text} is not known`, mend };
  }
  const own = parseVersion(version);
  if (own === null || !isBelow(own, least)) return approve(text);
  const mend = `CRI v1 came with ${name} ${least.join('.')}. Targets are found by their cgroups.`;
  return { state: 'warning', found: `${text} does not speak CRI v1`, mend };
}

/** Judges a node's kernel by its version. */
export function judgeKernel({ status }: Node): Verdict {
  const text = status.nodeInfo.kernelVersion;
  const own = parseVersion(text);
  if (own === null) return { state: 'unknown', found: 'the node does not tell its kernel', mend: null };
  if (!isBelow(own, firstKernel)) return approve(`Linux ${text}`);
  return {
    state: 'warning',
    found: `Linux ${text} is older than ${firstKernel.join('.')}`,
    mend: 'The agent may not start: upgrade the node.',
  };
}

/**
 * Judges a node's cgroup version. Its status has none: an agent on it knows; only kubelets on v1 say so, by an event
 * when they start.
 * @param isV1 whether there was that event, of those that are kept.
 * @param report what an agent says; null when none was there to ask.
 */
export function judgeCgroups({ metadata, status }: Node, isV1: boolean, report: NodeReport | null): Verdict {
  if (report?.cgroupVersion === 2) return approve('v2');
  if (isV1 || report?.cgroupVersion === 1)
    return {
      state: 'warning',
      found: 'v1, which Kubernetes gives up; sessions work with both',
      mend: 'Move the node to v2: https://kubernetes.io/docs/concepts/architecture/cgroups/',
    };
  const kubelet = parseVersion(status.nodeInfo.kubeletVersion.replace(/^v/, ''));
  if (kubelet !== null && !isBelow(kubelet, [1, firstWithoutCgroupV1]))
    return approve(`v2 (kubelet ${status.nodeInfo.kubeletVersion} starts on no other unless it is told to)`);
  return {
    state: 'unknown',
    found: 'the node does not tell; sessions work with v1 and v2',
    mend: `\`kubectl crashcart doctor node/${metadata.name} --start-agent\` starts an agent to ask.`,
  };
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
