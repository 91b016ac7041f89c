import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeControl } from './control-file.ts';
import { type CgroupHierarchy, findContainerDirectory, findSessionHierarchies } from './hierarchies.ts';
import { findMissingLimits } from './missing-limits.ts';
import { moveIntoLeaf } from './own-leaf.ts';
import { killMembers } from './member-kill.ts';

const removeLimitMs = 5000;

/** The cgroup of one session, below the agent container's own: never in the target's. */
export interface SessionCgroup {
  /** The files that a process writes its PID to, to join. */
  processFiles: string[];
  /** How often the kernel killed a process in it for its memory limit. */
  countMemoryKills(): Promise<number>;
  /** Kills everything in the cgroup and removes the cgroup. */
  destroy(): Promise<void>;
}

/**
 * Makes the cgroup of a session. Where a limit can't be set, the session has none: missing-limits.ts tells which.
 * @param id the session's UUID; it names the cgroup.
 * @param memoryBytes limit of everything in the session together.
 * @param hierarchies in which the session gets a cgroup.
 * @throws errors of the file system; nothing is left then.
 */
export async function createSessionCgroup(
  id: string,
  memoryBytes: number,
  hierarchies?: CgroupHierarchy[],
): Promise<SessionCgroup> {
  const parents = hierarchies ?? (await findSessionHierarchies());
  // An agent that could not hand on its controllers at its start may be able to by now.
  if ((await findMissingLimits(parents)).length > 0) await moveIntoLeaf(parents);
  const directories = parents.map((hierarchy) => ({
    ...hierarchy,
    // On v2 the agent itself is in a leaf (own-leaf.ts): sessions are its siblings.
    directory: join(findContainerDirectory(hierarchy), `crashcart-${id}`),
  }));
  const remove = async () => {
    for (const { directory } of directories) await removeDirectory(directory);
  };
  try {
    for (const { directory, version, controllers } of directories) {
      await mkdir(directory);
      if (version === 2) await writeControl(join(directory, 'memory.max'), String(memoryBytes));
      else if (controllers.includes('memory'))
        await writeControl(join(directory, 'memory.limit_in_bytes'), String(memoryBytes));
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    processFiles: directories.map(({ directory }) => join(directory, 'cgroup.procs')),
    countMemoryKills: () => countMemoryKills(directories),
    destroy: async () => {
      await killMembers(directories);
      await remove();
    },
  };
}

async function countMemoryKills(hierarchies: CgroupHierarchy[]): Promise<number> {
  for (const { directory, version, controllers } of hierarchies) {
    if (version === 1 && !controllers.includes('memory')) continue;
    // https://docs.kernel.org/admin-guide/cgroup-v1/memory.html (10), …/cgroup-v2.html (memory.events)
    const file = join(directory, version === 2 ? 'memory.events' : 'memory.oom_control');
    const text = await readFile(file, 'utf8').catch(() => '');
    const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
    if (count !== undefined) return Number(count);
  }
  return 0;
}

/** A cgroup can be removed only once its last process is reaped, which may take a moment. */
async function removeDirectory(directory: string): Promise<void> {
  const deadline = Date.now() + removeLimitMs;
  for (;;) {
    try {
      await rmdir(directory);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || Date.now() > deadline) throw error;
      await delay(5);
    }
  }
}
