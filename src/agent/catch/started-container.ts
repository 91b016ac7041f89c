import { listRuntimeEndpoints } from '../cri/runtime-endpoint.ts';
import { getContainerStatus, getRuntimeVersion } from '../cri/runtime-service.ts';
import { useRuntimeSocket } from '../cri/runtime-socket.ts';

const runtimeTimeoutMs = 2000;

/**
 * Reads a container's ID in the name of its cgroup.
 * @returns null for a name that no runtime gives: `<ID>`, `cri-containerd-<ID>.scope`, `crio-<ID>.scope`, `docker-…`.
 */
export function parseCgroupName(name: string): string | null {
  return /^(?:(?:cri-containerd|crio|docker)-)?([0-9a-f]{64})(?:\.scope)?$/.exec(name)?.[1] ?? null;
}

/**
 * Asks the runtime which container of its pod a new one is.
 * @returns the container's name in the pod, and its ID as the API has it, with its scheme; null for what is not a
 *   container of a pod's spec, such as the sandbox. Never throws.
 */
export async function nameContainer(id: string): Promise<{ name: string; containerID: string } | null> {
  for await (const endpoint of listRuntimeEndpoints()) {
    const found = await useRuntimeSocket(endpoint, async (path) => {
      const [{ status }, { runtime_name: runtime }] = await Promise.all([
        getContainerStatus(path, id, runtimeTimeoutMs),
        getRuntimeVersion(path, runtimeTimeoutMs),
      ]);
      const name = status?.metadata?.name;
      return name === undefined ? null : { name, containerID: `${runtime}://${id}` };
    }).catch(() => null);
    if (found !== null) return found;
  }
  return null;
}
