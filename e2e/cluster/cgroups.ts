import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namePrefix } from './cluster-layout.ts';

/** Returns the IDs of all processes in cgroups of the cluster, however deep. */
export async function listCgroupProcesses(): Promise<number[]> {
  const pids = new Set<number>();
  for (const cgroup of await listCgroups()) {
    // A cgroup may vanish between the listing and here.
    const processes = await readFile(join(cgroup, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const line of processes.split('\n').filter(Boolean)) pids.add(Number(line));
  }
  // 0 stands for a process that is outside of our PID namespace.
  pids.delete(0);
  return [...pids];
}

/** Returns the cluster's cgroups in every hierarchy, those below others first. */
export async function listCgroups(): Promise<string[]> {
  const found: string[] = [];
  for (const mountPoint of listHierarchies()) {
    for (const entry of await readdir(mountPoint, { withFileTypes: true })) {
      if (entry.isDirectory() && entry.name.startsWith(`${namePrefix}-`)) {
        found.push(...(await listWithChildren(join(mountPoint, entry.name))));
      }
    }
  }
  return found;
}

/** Removes the cluster's cgroups; those that are still busy stay. */
export async function removeCgroups(): Promise<void> {
  for (const cgroup of await listCgroups()) await rmdir(cgroup).catch(() => undefined);
}

/**
 * Moves a process into a cgroup of the cluster, where the machine has cgroup v2; nothing is to be done on v1. On v2 a
 * cgroup that holds processes can't give its children controllers:
 * https://docs.kernel.org/admin-guide/cgroup-v2.html#no-internal-process-constraint
 */
export async function moveOnUnified(pid: number, cgroup: string): Promise<void> {
  if (!existsSync('/sys/fs/cgroup/cgroup.controllers')) return;
  const path = join('/sys/fs/cgroup', cgroup);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'cgroup.procs'), String(pid));
}

function listHierarchies(): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
    .map(([, mountPoint = '']) => mountPoint);
}

async function listWithChildren(cgroup: string): Promise<string[]> {
  const entries = await readdir(cgroup, { withFileTypes: true }).catch(() => []);
  const children = entries.filter((entry) => entry.isDirectory()).map((entry) => join(cgroup, entry.name));
  const below = await Promise.all(children.map(listWithChildren));
  return [...below.flat(), cgroup];
}
