import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeReport } from '../../session-api/node-report.ts';
import { type CgroupHierarchy, findContainerDirectory, findSessionHierarchies } from './hierarchies.ts';

type SessionLimit = NodeReport['missingLimits'][number];

/** The controllers by which a session is limited. */
export const limitControllers: readonly SessionLimit[] = ['memory', 'pids'];

/** The controllers that sessions' cgroups have, where the kernel hands them on; what is needed most comes first. */
export const sessionControllers: readonly string[] = [...limitControllers, 'cpu'];

/**
 * Finds out which limits a session of this agent would not have, as the cgroups are now.
 * @param hierarchies in which sessions get cgroups.
 * @returns the cgroup controllers that are missing; empty when sessions have all limits.
 */
export async function findMissingLimits(hierarchies?: CgroupHierarchy[]): Promise<SessionLimit[]> {
  const available = await listControllers(hierarchies ?? (await findSessionHierarchies()));
  return limitControllers.filter((controller) => !available.includes(controller));
}

async function listControllers(hierarchies: CgroupHierarchy[]): Promise<string[]> {
  const listed = await Promise.all(
    hierarchies.map(async (hierarchy) => {
      if (hierarchy.version === 1) return hierarchy.controllers;
      const file = join(findContainerDirectory(hierarchy), 'cgroup.subtree_control');
      return (await readFile(file, 'utf8').catch(() => '')).split(/\s+/);
    }),
  );
  return listed.flat();
}
