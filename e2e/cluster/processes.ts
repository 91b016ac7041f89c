import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterProcess } from './cluster-state.ts';
import { slowness } from '../limits/slowness.ts';

/** A component of the cluster to be started. */
export interface Component {
  name: string;
  /** Null: it stays in the cgroups of this process. */
  cgroup: string | null;
  command: string[];
  logFile: string;
}

const joinCgroup = join(import.meta.dirname, 'join-cgroup.sh');

/**
 * Starts a component that outlives this process and its terminal.
 * It joins its cgroup before it becomes the component, so that whatever it starts is found there.
 */
export function startComponent({ name, cgroup, command, logFile }: Component): ClusterProcess {
  const log = openSync(logFile, 'w');
  try {
    const joining = cgroup === null ? [] : ['sh', joinCgroup, cgroup];
    const [file = '', ...args] = [...joining, ...command];
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: '/',
    });
    child.unref();
    if (child.pid === undefined) throw new Error(`${name} cannot be started: ${command[0]}`);
    const startTime = readStartTime(child.pid);
    if (startTime === null) throw new Error(`${name} ended at once: ${readLogEnd(logFile)}`);
    return { name, pid: child.pid, startTime, logFile };
  } finally {
    closeSync(log);
  }
}

/** Says whether the process is still the one that was recorded, and not yet a zombie. */
export function isRunning({ pid, startTime }: { pid: number; startTime: string }): boolean {
  return readStartTime(pid) === startTime;
}

/**
 * Returns when a process was started, in the kernel's ticks since boot.
 * @returns null when there is none with this ID, or it has ended.
 */
export function readStartTime(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is the command in parentheses, which may hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
}

/**
 * Finds the PID 1 of the PID namespace that a process has made, among its children.
 * @returns its process ID on this machine; null while there is none.
 */
export async function findNamespaceInit(pid: number): Promise<number | null> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  for (const child of children.split(' ').filter(Boolean)) {
    const status = await readFile(`/proc/${child}/status`, 'utf8').catch(() => '');
    // One number for each PID namespace from ours inwards.
    if (/^NSpid:.*\t1$/m.test(status)) return Number(child);
  }
  return null;
}

/** Returns the last lines of a component's log. */
function readLogEnd(logFile: string, lines = 15): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
}

/**
 * Waits until a condition holds.
 * @param component is what it depends on: its end, or the end of the time, is an error with the end of its log.
 */
export async function waitFor(
  what: string,
  component: ClusterProcess,
  timeoutMs: number,
  condition: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs * slowness;
  while (!(await condition())) {
    assertRunning(component);
    if (performance.now() > deadline)
      throw createFailure(component, `not ${what} within ${(timeoutMs * slowness) / 1000} s`);
    await sleep(50);
  }
}

/** Throws, with the end of its log, when a component has ended. */
export function assertRunning(component: ClusterProcess): void {
  if (!isRunning(component)) throw createFailure(component, 'it ended');
}

function createFailure({ name, logFile }: ClusterProcess, trouble: string): Error {
  return new Error(`${name} failed: ${trouble}; the end of ${basename(logFile)}:\n${readLogEnd(logFile)}`);
}
