import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { moveOnUnified } from './cgroups.ts';
import { createCertificate, writeKubeconfig } from './certificates.ts';
import type { NodePlan } from './cluster-layout.ts';
import type { ClusterNode, ClusterProcess, ClusterRecord } from './cluster-state.ts';
import { connectNode } from './network.ts';
import { writeNodeConfiguration, type NodeSettings } from './node-configuration.ts';
import { findNamespaceInit, startComponent, waitFor } from './processes.ts';

/** What a node mounts something of its own on: these folders have to exist on the machine. */
export const nodeMountPoints = [
  '/var/lib/containerd',
  '/var/lib/kubelet',
  '/var/lib/cni',
  '/var/log/pods',
  '/var/log/containers',
  '/etc/cni',
];

/** A test host of its own, as far as namespaces go: hostPID shows this node's processes only. */
const namespaces = ['--net', '--pid', '--mount', '--uts', '--ipc', '--cgroup'];

/** Writes what a node's components read: certificates and configuration. Needs the control plane's certificates. */
export async function prepareNode(
  node: NodePlan,
  { stateDirectory, binaries }: Pick<ClusterRecord, 'stateDirectory' | 'binaries'>,
  settings?: NodeSettings,
): Promise<void> {
  const pki = join(stateDirectory, 'pki');
  await mkdir(node.directory, { recursive: true });
  const addresses = [`DNS:${node.name}`, `IP:${node.address}`];
  await createCertificate(pki, {
    name: node.name,
    user: `system:node:${node.name}`,
    group: 'system:nodes',
    addresses,
  });
  await writeKubeconfig(pki, node.name, join(node.directory, 'kubeconfig'));
  await writeNodeConfiguration(node, pki, binaries, settings);
}

/**
 * Starts a node: containerd and the kubelet below a PID 1 that reaps.
 * @param register is told of the node's process right after its start.
 * @returns the node, which is not Ready yet, and its process.
 */
export async function startNode(
  node: NodePlan,
  others: NodePlan[],
  record: ClusterRecord,
  pauseImage: string,
  register: (component: ClusterProcess) => void,
): Promise<{ node: ClusterNode; process: ClusterProcess }> {
  const { binaries, stateDirectory } = record;
  await prepareNode(node, record);
  const script = join(import.meta.dirname, 'node-init.sh');
  const init = ['tini', '--', 'bash', script, node.name, node.directory, binaries, pauseImage];
  const isolation = [
    'unshare',
    '--fork',
    '--kill-child',
    ...namespaces,
    '--propagation',
    'private',
    '--mount-proc',
  ];
  const process = startComponent({
    name: node.name,
    cgroup: node.cgroup,
    command: [...isolation, ...init],
    logFile: join(stateDirectory, 'logs', `${node.name}.log`),
  });
  register(process);
  let pid: number | null = null;
  await waitFor('in namespaces of its own', process, 10_000, async () => {
    pid = await findNamespaceInit(process.pid);
    return pid !== null;
  });
  if (pid === null) throw new Error(`${node.name} has no PID 1`);
  // unshare, which waits for the PID 1. The cgroup is the root of the node's own tree, which node-init.sh divides.
  await moveOnUnified(process.pid, `${node.cgroup}-parent`);
  await connectNode(node, pid, others);
  return { node: { name: node.name, pid, address: node.address }, process };
}
