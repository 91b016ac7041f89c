import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type LeftProcess, maxLeftProcesses } from '../../session-api/session-end.ts';
import { writeControl } from './control-file.ts';
import { type CgroupHierarchy, findSessionHierarchies, memoryLimitFiles } from './hierarchies.ts';
import { type LimitEvents, readLimitEvents } from './limit-events.ts';
import { killMembers, listMembers } from './member-kill.ts';
import { findMissingLimits } from './missing-limits.ts';
import { moveIntoLeaf } from './own-leaf.ts';
import { findGroupDirectory, makeSessionGroup } from './session-group.ts';
import type { SessionLimits } from './session-limits.ts';

const removeLimitMs = 5000;
const removePollMs = 5;
/** How often the cgroup of a process that could not be ended is tried to be removed. */
const retryRemovalMs = 10_000;

/** The cgroup of one session, below the agent container's own: never in the target's. */
export interface SessionCgroup {
  /** The files that a process writes its PID to, to join. */
  processFiles: string[];
  /** Reads what the kernel did to the session for its limits, up to `destroy`. */
  readLimitEvents(): Promise<LimitEvents>;
  /** Counts the processes and threads in it: zombies, too, where the kernel counts them (pids). */
  countTasks(): Promise<number>;
  /** Kills what is in the cgroup, except the processes with these IDs. */
  killOthers(spared: readonly number[]): Promise<void>;
  /**
   * Kills everything in the cgroup and removes the cgroup, once however often it is called.
   * @returns what could not be ended; the cgroup is removed when those processes have ended after all.
   */
  destroy(): Promise<LeftProcess[]>;
}

/**
 * Makes the cgroup of a session. Where a limit can't be set, the session has none: missing-limits.ts tells which.
 * @param id the session's UUID; it names the cgroup.
 * @param limits of everything in the session together.
 * @param hierarchies in which the session gets a cgroup.
 * @throws errors of the file system; nothing is left then.
 */
export async function createSessionCgroup(
  id: string,
  limits: SessionLimits,
  hierarchies?: CgroupHierarchy[],
): Promise<SessionCgroup> {
  const parents = hierarchies ?? (await findSessionHierarchies());
  // An agent that could not hand on its controllers at its start may be able to by now.
  if ((await findMissingLimits(parents)).length > 0) await moveIntoLeaf(parents);
  await makeSessionGroup(parents);
  const directories = parents.map((hierarchy) => ({
    ...hierarchy,
    directory: join(findGroupDirectory(hierarchy), `crashcart-${id}`),
  }));
  try {
    for (const { directory, version } of directories) {
      await mkdir(directory);
      await writeControl(join(directory, memoryLimitFiles[version]), String(limits.memoryBytes));
      await writeControl(join(directory, 'pids.max'), String(limits.processes));
    }
  } catch (error) {
    await removeDirectories(directories);
    throw error;
  }
  let lastEvents: LimitEvents | null = null;
  const destroy = async () => {
    lastEvents = await readLimitEvents(directories);
    const left = await killMembers(directories);
    if (left.length === 0) await removeDirectories(directories);
    else removeLater(directories);
    return await Promise.all(left.slice(0, maxLeftProcesses).map(nameProcess));
  };
  let destroyed: Promise<LeftProcess[]> | null = null;
  return {
    processFiles: directories.map(({ directory }) => join(directory, 'cgroup.procs')),
    readLimitEvents: async () => lastEvents ?? (await readLimitEvents(directories)),
    countTasks: () => countTasks(directories),
    killOthers: async (spared) => void (await killMembers(directories, spared)),
    destroy: () => (destroyed ??= destroy()),
  };
}

async function countTasks(hierarchies: CgroupHierarchy[]): Promise<number> {
  for (const { directory } of hierarchies) {
    const text = await readFile(join(directory, 'pids.current'), 'utf8').catch(() => '');
    if (text !== '') return Number(text);
  }
  return (await listMembers(hierarchies)).length;
}

async function nameProcess(pid: number): Promise<LeftProcess> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?');
  return { pid, name: name.trimEnd() };
}

async function removeDirectories(hierarchies: CgroupHierarchy[]): Promise<void> {
  for (const { directory } of hierarchies) await removeDirectory(directory);
}

/** Tries for as long as the agent runs; with its container, the runtime removes what is left. */
function removeLater(hierarchies: CgroupHierarchy[]): void {
  setTimeout(() => {
    removeDirectories(hierarchies).catch(() => removeLater(hierarchies));
  }, retryRemovalMs).unref();
}

/** A cgroup can be removed only once its last process is gone, which may take a moment. */
async function removeDirectory(directory: string): Promise<void> {
  const endMs = performance.now() + removeLimitMs;
  for (;;) {
    try {
      await rmdir(directory);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || performance.now() > endMs) throw error;
      await delay(removePollMs);
    }
  }
}
