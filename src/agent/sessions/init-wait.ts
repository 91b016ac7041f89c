import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { SessionCgroup } from '../cgroup/session-cgroup.ts';

/**
 * When so long nothing has ended, no more is waited: the target may have stopped session-init. It is longer than
 * session-init itself waits (stall_limit_ms): session-init reaps what its target would keep as zombies, and ends last.
 */
const haltStallMs = 2500;
const haltLimitMs = 15_000;
const haltPollMs = 100;

/** Waits for session-init, which is to end, for as long as anything of the session ends. */
export async function waitForInit(child: ChildProcess, cgroup: SessionCgroup): Promise<void> {
  const exited = once(child, 'exit');
  const startedMs = performance.now();
  let lastEndMs = startedMs;
  let fewest = Infinity;
  while (isRunning(child)) {
    const tasks = await cgroup.countTasks();
    const nowMs = performance.now();
    if (tasks < fewest) [fewest, lastEndMs] = [tasks, nowMs];
    if (nowMs - lastEndMs > haltStallMs || nowMs - startedMs > haltLimitMs) return;
    await Promise.race([exited, delay(haltPollMs, undefined, { ref: false })]);
  }
}

export function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
