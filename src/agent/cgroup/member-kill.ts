import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeControl } from './control-file.ts';
import type { CgroupHierarchy } from './hierarchies.ts';

const killLimitMs = 5000;
const killPollMs = 5;

/**
 * Kills every process of a cgroup, until none is left or the time is over: a process may fork while its siblings are
 * being killed.
 * @param hierarchies the cgroup in each hierarchy: the same processes are in all of them.
 */
export async function killMembers(hierarchies: CgroupHierarchy[]): Promise<void> {
  const endMs = performance.now() + killLimitMs;
  const v2 = hierarchies.find(({ version }) => version === 2);
  const freezer = hierarchies.find(({ controllers }) => controllers.includes('freezer'));
  const directory = (v2 ?? freezer ?? hierarchies[0])?.directory;
  if (directory === undefined) return;
  while (performance.now() < endMs) {
    const processes = await killOnce(directory);
    if (processes.length === 0) return;
    await delay(killPollMs);
  }
}

/** @returns the processes that were there. */
async function killOnce(directory: string): Promise<number[]> {
  // Since Linux 5.14, of v2 only: nothing that forks meanwhile escapes.
  const isKilled = await writeControl(join(directory, 'cgroup.kill'), '1');
  // Otherwise the processes are frozen: they can't fork while the list is read.
  if (!isKilled) await freeze(directory, true);
  const processes = await readProcesses(directory);
  for (const pid of processes) killProcess(pid);
  if (!isKilled) await freeze(directory, false);
  return processes;
}

/** By the files of v2 and of v1. A hierarchy of v1 without the freezer has neither. */
async function freeze(directory: string, isFrozen: boolean): Promise<void> {
  if (await writeControl(join(directory, 'cgroup.freeze'), isFrozen ? '1' : '0')) return;
  await writeControl(join(directory, 'freezer.state'), isFrozen ? 'FROZEN' : 'THAWED');
}

/** @returns the IDs of the cgroup's processes, zombies left out; empty for a cgroup that is gone. */
async function readProcesses(directory: string): Promise<number[]> {
  const text = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
  // 0 stands for a process of a PID namespace that is not visible here; kill(0) would be the agent.
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 1);
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
