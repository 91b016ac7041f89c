import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeControl } from './control-file.ts';
import type { CgroupHierarchy } from './hierarchies.ts';

/** For all of it; a session may have thousands of processes, and the node may be busy. */
const killLimitMs = 15_000;
/** After this time without an end, what is left can't be ended now: it waits in the kernel. */
const killStallMs = 1500;
const killPollMs = 10;

/**
 * Kills the processes of a cgroup, until none is left, or no more of them ends.
 * @param hierarchies the cgroup in each hierarchy: the same processes are in all of them.
 * @param spared IDs of processes that are not killed, and not waited for.
 * @returns the IDs of the processes that are left, without the spared ones.
 */
export async function killMembers(
  hierarchies: CgroupHierarchy[],
  spared: readonly number[] = [],
): Promise<number[]> {
  const directory = findMemberDirectory(hierarchies);
  const startedMs = performance.now();
  let lastEndMs = startedMs;
  let fewest = Infinity;
  for (;;) {
    const left = await killOnce(directory, spared);
    const nowMs = performance.now();
    if (left.length < fewest) [fewest, lastEndMs] = [left.length, nowMs];
    if (left.length === 0 || nowMs - lastEndMs > killStallMs || nowMs - startedMs > killLimitMs) return left;
    await delay(killPollMs);
  }
}

/** @returns the IDs of the cgroup's processes, zombies left out; empty for a cgroup that is gone. */
export async function listMembers(hierarchies: CgroupHierarchy[]): Promise<number[]> {
  return await readProcesses(findMemberDirectory(hierarchies));
}

/** The hierarchy by which processes can be frozen or killed at once, if there is one. */
function findMemberDirectory(hierarchies: CgroupHierarchy[]): string {
  const v2 = hierarchies.find(({ version }) => version === 2);
  const freezer = hierarchies.find(({ controllers }) => controllers.includes('freezer'));
  return (v2 ?? freezer ?? hierarchies[0])?.directory ?? '';
}

/** Sends one signal to each process, so that none escapes that forks meanwhile. @returns the processes that were there. */
async function killOnce(directory: string, spared: readonly number[]): Promise<number[]> {
  // Since Linux 5.14, of v2 only.
  const isKilled = spared.length === 0 && (await writeControl(join(directory, 'cgroup.kill'), '1'));
  // Otherwise the processes are frozen: they can't fork while the list is read.
  if (!isKilled) await freeze(directory, true);
  try {
    const processes = (await readProcesses(directory)).filter((pid) => !spared.includes(pid));
    for (const pid of processes) killProcess(pid);
    return processes;
  } finally {
    if (!isKilled) await freeze(directory, false);
  }
}

/** By the files of v2 and of v1. A hierarchy of v1 without the freezer has neither. */
async function freeze(directory: string, isFrozen: boolean): Promise<void> {
  if (await writeControl(join(directory, 'cgroup.freeze'), isFrozen ? '1' : '0')) return;
  await writeControl(join(directory, 'freezer.state'), isFrozen ? 'FROZEN' : 'THAWED');
}

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
