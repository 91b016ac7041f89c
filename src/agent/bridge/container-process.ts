import { readdir } from 'node:fs/promises';
import { status as grpcStatus } from '@grpc/grpc-js';
import { ProblemError } from '../../session-api/problem.ts';
import { parseContainerPID } from '../cri/container-pid.ts';
import { listRuntimeEndpoints } from '../cri/runtime-endpoint.ts';
import { type ContainerStatusResponse, getContainerStatus } from '../cri/runtime-service.ts';
import { useRuntimeSocket } from '../cri/runtime-socket.ts';
import { isProcessOfContainer, readInnermostPID, readProcessIdentity } from './process-identity.ts';

const runtimeTimeoutMs = 5000;

/**
 * Finds the first process of a container: by the runtime that knows the container, else by its cgroup.
 * @param containerID without its scheme.
 * @returns its PID in the node's PID namespace.
 * @throws ProblemError `containerNotFound`, `targetNotRunning`, `sandboxedRuntime`.
 */
export async function findContainerProcess(containerID: string): Promise<number> {
  let knownByRuntime = false;
  for await (const endpoint of listRuntimeEndpoints()) {
    const response = await askRuntime(endpoint, containerID);
    if (response === null) continue;
    knownByRuntime = true;
    const pid = parseContainerPID(response);
    if (pid !== null) return pid;
  }
  const pid = await scanForContainer(containerID);
  if (pid !== null) return pid;
  throw new ProblemError(
    knownByRuntime ? 'targetNotRunning' : 'containerNotFound',
    knownByRuntime
      ? `the runtime has no process for container ${containerID}`
      : `no process of container ${containerID} on this node`,
    'It may have ended or restarted just now: try again.',
  );
}

/** @param containerID as the API server reports it. @returns the runtime's own ID, without the scheme. */
export function dropScheme(containerID: string): string {
  return containerID.replace(/^[a-z-]+:\/\//, '');
}

/**
 * Asks a runtime for a container.
 * @param endpoint where its socket may be, in the node's root.
 * @param containerID without its scheme.
 * @returns null when there is no runtime behind the endpoint, or it does not know the container.
 */
export async function askRuntime(
  endpoint: string,
  containerID: string,
): Promise<ContainerStatusResponse | null> {
  try {
    return await useRuntimeSocket(endpoint, (path) =>
      getContainerStatus(path, containerID, runtimeTimeoutMs),
    );
  } catch (error) {
    const code = (error as { code?: number }).code;
    if (code !== grpcStatus.NOT_FOUND && code !== grpcStatus.UNAVAILABLE) {
      // Whatever answers may not be a runtime: its words are kept to one line of the log.
      console.error(`CRI ${endpoint}: ${JSON.stringify((error as Error).message)}`);
    }
    return null;
  }
}

/**
 * Finds the process without a runtime: the process of the cgroup that is PID 1 of its namespace. Where the pod shares a
 * PID namespace, the oldest process.
 */
async function scanForContainer(containerID: string): Promise<number | null> {
  let oldest: { pid: number; startTime: bigint } | null = null;
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || !(await isProcessOfContainer(pid, containerID))) continue;
    if ((await readInnermostPID(pid)) === 1) return pid;
    const identity = await readProcessIdentity(pid);
    if (identity === null) continue;
    const startTime = BigInt(identity.startTime);
    if (oldest === null || startTime < oldest.startTime) oldest = { pid, startTime };
  }
  return oldest?.pid ?? null;
}
