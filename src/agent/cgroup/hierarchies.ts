import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** The cgroup of the agent's own processes, below its container's: own-leaf.ts. */
export const leafName = 'agent';

/** A mounted cgroup hierarchy, and the folder in it that the agent itself is in. */
export interface CgroupHierarchy {
  version: 1 | 2;
  /** v1: the controllers of the hierarchy; v2: empty. */
  controllers: string[];
  directory: string;
}

/** Finds where the agent's own cgroups are in its file system. */
export async function findOwnHierarchies(): Promise<CgroupHierarchy[]> {
  const [cgroup, mountinfo] = await Promise.all([
    readFile('/proc/self/cgroup', 'utf8'),
    readFile('/proc/self/mountinfo', 'utf8'),
  ]);
  return parseHierarchies(cgroup, mountinfo);
}

/** A cgroup's file that has its memory limit, by the version of its hierarchy. */
export const memoryLimitFiles = { 1: 'memory.limit_in_bytes', 2: 'memory.max' } as const;

/**
 * The v1 controllers in which a session gets a cgroup. In the others it stays in the agent container's. cpu: so that
 * all processes of a session together have a share of the processors, beside that of the agent.
 */
const usedControllers = ['memory', 'pids', 'freezer', 'cpu'];

/** Finds the hierarchies in which a session gets a cgroup: those of v1, or the one of v2. */
export async function findSessionHierarchies(): Promise<CgroupHierarchy[]> {
  const hierarchies = await findOwnHierarchies();
  const v1 = hierarchies.filter(({ controllers }) =>
    controllers.some((controller) => usedControllers.includes(controller)),
  );
  // A hybrid host also mounts an empty v2 hierarchy, which controls nothing.
  return v1.length > 0 ? v1 : hierarchies.filter(({ version }) => version === 2);
}

/** @returns the folder of the agent's container, whether or not the agent itself is in a leaf below it. */
export function findContainerDirectory({ directory }: CgroupHierarchy): string {
  return basename(directory) === leafName ? dirname(directory) : directory;
}

/**
 * Joins /proc/self/cgroup (cgroups(7)) with the cgroup mounts of /proc/self/mountinfo (proc_pid_mountinfo(5)).
 * A mount may show only a part of the hierarchy, as containers' do: its root is taken off the path.
 */
export function parseHierarchies(cgroup: string, mountinfo: string): CgroupHierarchy[] {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [, , , root, mountPoint] = before?.split(' ') ?? [];
    const [type, , options] = after?.split(' ') ?? [];
    if (root === undefined || mountPoint === undefined || !type?.startsWith('cgroup')) return [];
    return [
      { root, mountPoint, version: type === 'cgroup2' ? (2 as const) : (1 as const), options: options ?? '' },
    ];
  });
  return cgroup.split('\n').flatMap((line) => {
    const [, controllerList, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllerList === undefined || path === undefined) return [];
    const controllers = controllerList === '' ? [] : controllerList.split(',');
    const version = controllers.length === 0 ? 2 : 1;
    const mount = mounts.find(
      (candidate) =>
        candidate.version === version &&
        controllers.every((controller) => candidate.options.split(',').includes(controller)),
    );
    if (mount === undefined) return [];
    const below =
      path === mount.root ? '' : path.startsWith(`${mount.root}/`) ? path.slice(mount.root.length) : path;
    const directory = `${mount.mountPoint}${mount.root === '/' ? path : below}`.replace(/\/+$/, '');
    return [{ version, controllers, directory }];
  });
}
