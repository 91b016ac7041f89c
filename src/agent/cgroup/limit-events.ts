import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CgroupHierarchy } from './hierarchies.ts';

/** What the kernel did to a session for want of memory, or for its limits. */
export interface LimitEvents {
  /** Processes of the session that were killed for want of memory, whoever's limit it was. */
  memoryKills: number;
  /** Whether the session's own limit was reached. */
  isMemoryLimitReached: boolean;
  /** Starts of processes and threads that were refused. */
  refusedForks: number;
}

/** Reads them of a session's cgroup; what its hierarchies do not count is 0. */
export async function readLimitEvents(hierarchies: CgroupHierarchy[]): Promise<LimitEvents> {
  // https://docs.kernel.org/admin-guide/cgroup-v1/memory.html (10), …/cgroup-v2.html (memory.events, pids.events)
  const read = async (controller: string, names: Record<CgroupHierarchy['version'], string>) => {
    const hierarchy = hierarchies.find(
      ({ version, controllers }) => version === 2 || controllers.includes(controller),
    );
    if (hierarchy === undefined) return '';
    return await readFile(join(hierarchy.directory, names[hierarchy.version]), 'utf8').catch(() => '');
  };
  const [kills, reached, forks] = await Promise.all([
    read('memory', { 1: 'memory.oom_control', 2: 'memory.events' }),
    // v1 counts how often the limit was hit. v2 counts, beside, the limits above: those are not of the session alone.
    read('memory', { 1: 'memory.failcnt', 2: 'memory.events.local' }),
    read('pids', { 1: 'pids.events', 2: 'pids.events' }),
  ]);
  return {
    memoryKills: readCount(kills, 'oom_kill'),
    isMemoryLimitReached: /^\d+\s*$/.test(reached) ? Number(reached) > 0 : readCount(reached, 'oom') > 0,
    refusedForks: readCount(forks, 'max'),
  };
}

function readCount(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}
