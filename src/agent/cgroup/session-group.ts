import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeControl } from './control-file.ts';
import {
  type CgroupHierarchy,
  findContainerDirectory,
  findSessionHierarchies,
  memoryLimitFiles,
} from './hierarchies.ts';
import { decideGroupLimit, readMemoryLimit } from './memory-limit.ts';
import { sessionControllers } from './missing-limits.ts';

/** What the sessions of the agent take together, and may take. */
export interface SessionMemory {
  usedBytes: number;
  limitBytes: number;
}

/** The cgroup of all sessions together, below the agent container's. */
const groupName = 'sessions';

/** @returns where the sessions' cgroups are in a hierarchy. */
export function findGroupDirectory(hierarchy: CgroupHierarchy): string {
  return join(findContainerDirectory(hierarchy), groupName);
}

/**
 * Makes the cgroup of all sessions. They may take less memory together than the container may: the kernel then kills in a
 * session before the agent, which holds them all, has none left. Where a limit can't be set, there is none.
 * @param hierarchies in which sessions get cgroups.
 * @throws errors of the file system.
 */
export async function makeSessionGroup(hierarchies: CgroupHierarchy[]): Promise<void> {
  for (const hierarchy of hierarchies) {
    const directory = findGroupDirectory(hierarchy);
    const isMade = await makeDirectory(directory);
    if (hierarchy.version === 2) await handOnAll(directory);
    if (!isMade) continue;
    const limit = await readMemoryLimit([hierarchy]);
    if (limit === null) continue;
    await writeControl(join(directory, memoryLimitFiles[hierarchy.version]), String(decideGroupLimit(limit)));
  }
}

/** @returns what all sessions may take together, by the limit of the agent's container; null: there is none. */
export async function readGroupLimit(): Promise<number | null> {
  const limit = await readMemoryLimit(await findSessionHierarchies());
  return limit === null ? null : decideGroupLimit(limit);
}

/**
 * Reads what the sessions take together. Files that the kernel would drop for want of memory are not counted.
 * @returns null when they have no limit together, or there was no session yet.
 */
export async function readSessionMemory(): Promise<SessionMemory | null> {
  for (const hierarchy of await findSessionHierarchies()) {
    const { version, controllers } = hierarchy;
    if (version === 1 && !controllers.includes('memory')) continue;
    const directory = findGroupDirectory(hierarchy);
    const read = (name: string) => readFile(join(directory, name), 'utf8').catch(() => '');
    const [limit, used, statistics] = await Promise.all([
      read(memoryLimitFiles[version]),
      read(version === 2 ? 'memory.current' : 'memory.usage_in_bytes'),
      read('memory.stat'),
    ]);
    if (!/^\d+\s*$/.test(limit) || used === '') return null;
    // https://docs.kernel.org/admin-guide/cgroup-v1/memory.html (5.2): total_ are those of the cgroups below, too.
    const name = version === 2 ? 'inactive_file' : 'total_inactive_file';
    const droppable = Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(statistics)?.[1] ?? 0);
    return { usedBytes: Math.max(0, Number(used) - droppable), limitBytes: Number(limit) };
  }
  return null;
}

/** @returns whether the folder was not there before. */
async function makeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** On v2, what a cgroup does not hand on, those below it do not have. It has no processes of its own. */
async function handOnAll(directory: string): Promise<void> {
  const handedOn = (await readFile(join(directory, 'cgroup.subtree_control'), 'utf8')).split(/\s+/);
  for (const controller of sessionControllers) {
    if (handedOn.includes(controller)) continue;
    // ENOENT: the agent's own cgroup does not hand it on either. missing-limits.ts tells.
    await writeControl(join(directory, 'cgroup.subtree_control'), `+${controller}`).catch(() => undefined);
  }
}
