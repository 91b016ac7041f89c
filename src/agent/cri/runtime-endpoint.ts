import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { maxHostileFiles, readHostileFiles } from '../files/hostile-files.ts';

/** Of a kubelet, whose arguments are some hundred bytes. */
const maxArgumentsBytes = 64 * 1024;

/**
 * Where distributions put the CRI socket, relative to the node's root.
 * kubeadm, k3s and RKE2, k0s, microk8s, CRI-O, cri-dockerd, old Bottlerocket and EKS.
 */
const wellKnownSockets = [
  '/run/containerd/containerd.sock',
  '/var/run/crio/crio.sock',
  '/var/run/cri-dockerd.sock',
  '/run/k3s/containerd/containerd.sock',
  '/run/k0s/containerd.sock',
  '/var/snap/microk8s/common/run/containerd.sock',
  '/run/dockershim.sock',
];

/**
 * Lists where the CRI socket may be on this node. The kubelet's own setting comes last: to find it, every process
 * is looked at, so it is read only where no other socket knows the container.
 * @returns paths as the node's root sees them. The sockets may not exist.
 */
export async function* listRuntimeEndpoints(): AsyncGenerator<string, void, void> {
  yield* wellKnownSockets;
  const configured = await findKubeletEndpoint('/proc');
  if (configured !== null && !wellKnownSockets.includes(configured)) yield configured;
}

/**
 * Reads `--container-runtime-endpoint` from the running kubelet's arguments. Other processes with such an argument do
 * not count: a container could name a socket of its own.
 * @param procfs where the node's processes are.
 * @param read another one is for tests.
 * @returns null when no process has the argument. It may be in a file, or the kubelet may be part of another process.
 */
export async function findKubeletEndpoint(
  procfs: string,
  read: typeof readHostileFiles = readHostileFiles,
): Promise<string | null> {
  const ownNamespace = await readlink(join(procfs, '1/ns/pid')).catch(() => null);
  if (ownNamespace === null) return null;
  const own: string[] = [];
  for (const entry of await readdir(procfs))
    if (/^\d+$/.test(entry) && (await isNodeProcess(join(procfs, entry), ownNamespace))) own.push(entry);
  for (let first = 0; first < own.length; first += maxHostileFiles) {
    const entries = own.slice(first, first + maxHostileFiles);
    // They are memory of their processes: one that is stuck would hold the reader, as it holds ps(1).
    const files = entries.map((entry) => ({
      root: procfs,
      path: `/${entry}/cmdline`,
      maxBytes: maxArgumentsBytes,
    }));
    const readings = await read(files, { owner: 'the node', signal: new AbortController().signal });
    for (const reading of readings) {
      const commandLine = reading.status === 'read' ? reading.content.toString() : '';
      if (!/kubelet|k3s|rke2/.test(commandLine.slice(0, 256))) continue;
      const endpoint = parseEndpointFlag(commandLine.split('\0'));
      if (endpoint !== null) return endpoint;
    }
  }
  return null;
}

/** Whether a process is the node's own: in the node's PID namespace, where pods with hostPID are too, and below no pod's cgroup. */
async function isNodeProcess(directory: string, pidNamespace: string): Promise<boolean> {
  const [namespace, cgroup] = await Promise.all([
    readlink(join(directory, 'ns/pid')).catch(() => null),
    readFile(join(directory, 'cgroup'), 'utf8').catch(() => null),
  ]);
  return namespace === pidNamespace && cgroup !== null && !cgroup.includes('kubepods');
}

/** @returns the path of a `--container-runtime-endpoint` argument; null when the argument is not a unix socket. */
export function parseEndpointFlag(argv: string[]): string | null {
  const flag = '--container-runtime-endpoint';
  for (const [index, argument] of argv.entries()) {
    const value =
      argument === flag
        ? argv[index + 1]
        : argument.startsWith(`${flag}=`)
          ? argument.slice(flag.length + 1)
          : undefined;
    if (value === undefined) continue;
    const path = value.replace(/^unix:(\/\/)?/, '');
    if (path.startsWith('/')) return path;
  }
  return null;
}
