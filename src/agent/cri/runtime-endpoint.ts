import { readFile, readdir } from 'node:fs/promises';

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
 * Lists where the CRI socket may be on this node. The kubelet's own setting comes last, as finding it
 * takes a look at every process: it is only needed where nothing else knows the container.
 * @returns paths as the node's root sees them; whether one exists is for the caller to try.
 */
export async function* listRuntimeEndpoints(): AsyncGenerator<string, void, void> {
  yield* wellKnownSockets;
  const configured = await findKubeletEndpoint();
  if (configured !== null && !wellKnownSockets.includes(configured)) yield configured;
}

/**
 * Reads `--container-runtime-endpoint` from the running kubelet's arguments.
 * @returns null when no process has it (it may be in a file, or the kubelet part of another process).
 */
async function findKubeletEndpoint(): Promise<string | null> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const commandLine = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (!/kubelet|k3s|rke2/.test(commandLine.slice(0, 256))) continue;
    const endpoint = parseEndpointFlag(commandLine.split('\0'));
    if (endpoint !== null) return endpoint;
  }
  return null;
}

/** @returns the socket's path of a `--container-runtime-endpoint` argument; null without a unix one. */
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
