import { type FileHandle, open } from 'node:fs/promises';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionTarget } from '../../session-api/session-spec.ts';
import { dropScheme, findContainerProcess } from './container-process.ts';
import {
  isProcessAlive,
  isProcessOfContainer,
  type ProcessIdentity,
  readInnermostPID,
  readProcessIdentity,
} from './process-identity.ts';

/** The Linux namespaces that a session enters, in the order of their descriptors. */
export const enteredNamespaces = ['pid', 'net', 'ipc', 'uts'] as const;

/** What a session enters, held so that nothing else can come to its place. */
export interface PinnedTarget {
  /** null: a container that has ended. */
  process: ProcessIdentity | null;
  /** PID of the process in its own PID namespace. */
  innermostPID: number | null;
  /** One for each of {@link enteredNamespaces}; none: the session gets its own. */
  namespaces: FileHandle[];
  /** What is to be mounted of a container that has ended (formatRemains); null: its process shows it. */
  remains: Buffer | null;
  /** That the target is no longer there, in a clause. */
  endMessage: string;
  isAlive(): Promise<boolean>;
  /**
   * Checks that what was found out before belongs to this target.
   * @throws ProblemError `targetChanged`, `noRemains`.
   */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** A process whose namespaces are held by descriptor, so that a reused PID can't be entered. */
export type PinnedProcess = PinnedTarget & { process: ProcessIdentity; innermostPID: number };

/**
 * Looks a target that runs up and pins it.
 * @param afterLookup a test's hook: runs between the look-up and the pinning.
 * @throws ProblemError `containerNotFound`, `targetNotRunning`, `targetChanged`, `sandboxedRuntime`.
 */
export async function pinTarget(
  target: SessionTarget,
  afterLookup: (pid: number) => Promise<void> = () => Promise.resolve(),
): Promise<PinnedProcess> {
  if (target.kind === 'node') return pinProcess(1, null);
  const containerID = dropScheme(target.containerID);
  const pid = await findContainerProcess(containerID);
  await afterLookup(pid);
  return pinProcess(pid, containerID);
}

/**
 * Opens the namespaces of a process, *then* checks that the PID is still the same process and the
 * container's. So what was opened in between belongs to this process.
 * @param containerID without its scheme; null when it need not belong to a container (PID 1 of the node).
 * @throws ProblemError `targetChanged`.
 */
export async function pinProcess(pid: number, containerID: string | null): Promise<PinnedProcess> {
  const identity = await readProcessIdentity(pid);
  const innermostPID = await readInnermostPID(pid);
  const namespaces: FileHandle[] = [];
  const close = async () => {
    await Promise.all(namespaces.splice(0).map((handle) => handle.close()));
  };
  try {
    if (identity === null || innermostPID === null) throw describeChange(pid);
    const isAlive = () => isProcessAlive(identity);
    const check = async () => {
      if (!(await isAlive())) throw describeChange(pid);
      if (containerID !== null && !(await isProcessOfContainer(pid, containerID))) throw describeChange(pid);
    };
    for (const name of enteredNamespaces) namespaces.push(await open(`/proc/${pid}/ns/${name}`, 'r'));
    await check();
    const endMessage = "the target's process ended";
    return { process: identity, innermostPID, namespaces, remains: null, endMessage, isAlive, check, close };
  } catch (error) {
    await close();
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw describeChange(pid);
    throw error;
  }
}

function describeChange(pid: number): ProblemError {
  return new ProblemError(
    'targetChanged',
    `the target's process (PID ${pid} on the node) ended before it could be entered`,
    'It may have restarted just now: try again.',
  );
}
