import { readdir, readFile } from 'node:fs/promises';
import { maxListedProcesses, type TargetProcess } from '../../session-api/session-routes.ts';
import { dropScheme, findContainerProcess } from '../bridge/container-process.ts';
import { isProcessOfContainer, readNamespacePIDs } from '../bridge/process-identity.ts';

/** A node may have tens of thousands of processes, and each is looked at. */
const limitMs = 2000;

/**
 * Lists what runs in a container, for the user's choice: what is not seen within a limit is left out. A process's
 * arguments are its own memory, which may never answer: only what the kernel keeps itself is read.
 * @param containerID with its scheme.
 * @throws ProblemError `containerNotFound`, `targetNotRunning`, `sandboxedRuntime`.
 */
export async function listContainerProcesses(
  containerID: string,
  signal: AbortSignal,
): Promise<TargetProcess[]> {
  const id = dropScheme(containerID);
  const first = await findContainerProcess(id);
  // A process may be in further PID namespaces below that of the container.
  const depth = (await readNamespacePIDs(first)).length;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const found: TargetProcess[] = [];
  for (const entry of await readdir('/proc')) {
    if (limit.aborted) break;
    const pid = Number(entry);
    if (!Number.isInteger(pid) || !(await isProcessOfContainer(pid, id))) continue;
    const innerPID = (await readNamespacePIDs(pid))[depth - 1];
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => null);
    if (innerPID !== undefined && name !== null) found.push({ pid: innerPID, name: name.replace(/\n$/, '') });
  }
  return found.toSorted((one, other) => one.pid - other.pid).slice(0, maxListedProcesses);
}
