import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { hasErrorCode } from '../cluster/error-code.ts';
import { findNamespaceInit, isRunning, readStartTime } from '../cluster/processes.ts';

const recordFile = '/run/kubectl-crashcart/vm-lane.json';

const roomSchema = z.object({
  pid: z.int().positive(),
  /** Of /proc/PID/stat: a process ID that was reused has another one. */
  startTime: z.string(),
  /** Of this run's files: logs, the cluster's state, mount points. */
  scratch: z.string(),
  /** What it was made for, as text: another run may use it for the same. */
  purpose: z.string(),
});

/**
 * Network, mount and PID namespaces of their own, in which the control plane, QEMU and the tests run beside a cluster
 * that this machine may have: the same addresses, interfaces, files. All of it ends with the room's first process.
 */
export type Room = z.infer<typeof roomSchema>;

const startLimitMs = 10_000;

/**
 * Opens a room.
 * @param keep it outlives this process. Otherwise it ends with it, however that ends.
 */
export async function openRoom(scratch: string, purpose: string, keep: boolean): Promise<Room> {
  const bound = keep ? [] : ['setpriv', '--pdeathsig', 'KILL'];
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const command = [...bound, 'unshare', ...namespaces, '--propagation', 'private', 'tini', '-s', '--'];
  const [file = '', ...args] = [...command, 'sleep', 'infinity'];
  const child = spawn(file, args, { detached: true, stdio: 'ignore' });
  child.unref();
  const deadline = performance.now() + startLimitMs;
  for (;;) {
    const pid = child.pid === undefined ? null : await findNamespaceInit(child.pid);
    const startTime = pid === null ? null : readStartTime(pid);
    if (pid !== null && startTime !== null && isIn(pid)) {
      const room = { pid, startTime, scratch, purpose };
      await mkdir(dirname(recordFile), { recursive: true });
      await writeFile(recordFile, JSON.stringify(room), { mode: 0o600 });
      return room;
    }
    if (performance.now() > deadline || child.exitCode !== null)
      throw new Error('no namespaces can be made here: this needs root, and tini and util-linux');
    await sleep(20);
  }
}

/** @returns the command line that runs another one in the room. */
export function buildRoomCommand({ pid }: Room, words: string[]): [string, ...string[]] {
  return ['nsenter', '--target', String(pid), '--net', '--mount', '--pid', '--wdns=/', '--', ...words];
}

/** @returns the room of this machine that runs; null when there is none. */
export async function findRoom(): Promise<Room | null> {
  try {
    const room = roomSchema.parse(JSON.parse(await readFile(recordFile, 'utf8')));
    return isRunning(room) ? room : null;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** Ends whatever runs in the room. Its logs stay. */
export async function closeRoom(room: Room): Promise<void> {
  // The kernel kills all of a PID namespace with its first process.
  if (isRunning(room)) process.kill(room.pid, 'SIGKILL');
  while (isRunning(room)) await sleep(20);
  await rm(recordFile, { force: true });
}

/** unshare mounts /proc before it becomes the first program: then all namespaces are there. */
function isIn(pid: number): boolean {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'tini';
}
