import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { agentPaths } from '../../session-api/agent-paths.ts';
import type { CatchRequest } from '../../session-api/catch-request.ts';
import { ProblemError } from '../../session-api/problem.ts';
import { writeControl } from '../cgroup/control-file.ts';
import { nodeRoot } from '../files/node-root.ts';
import { findPodCgroup, type PodCgroup } from './pod-cgroup.ts';
import { nameContainer, parseCgroupName } from './started-container.ts';

/** A program that has been asked to thaw and end takes a millisecond. */
const endLimitMs = 1000;
const maxErrorCharacters = 1024;
/** A pod that has just been scheduled has no cgroup yet. */
const cgroupPollMs = 50;

/** What has ended a hold: a tool has attached, it was asked for, or the time was over. */
export type ThawReason = 'attached' | 'asked' | 'time';

/** The start of a container that is held. */
export interface CaughtStart {
  /** With its scheme. */
  containerID: string;
  /** Of the container's first process, on the node. */
  pid: number;
  /** Resolves when the container is held no longer; never rejects. */
  thawed: Promise<ThawReason>;
  /** Lets the container go on. Resolves when it does; does nothing when it does already. */
  thaw(): Promise<void>;
}

type Catcher = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Waits for the next start of a container, and holds it, by the program catch-start.c, which says how.
 * @param container its name in the pod.
 * @param signal ends the wait; nothing is held then.
 * @throws ProblemError `containerNotFound` when the pod's cgroup is gone; `bridgeFailed`; the signal's reason.
 */
export async function catchStart(
  request: CatchRequest,
  container: string,
  signal: AbortSignal,
): Promise<CaughtStart> {
  const cgroup = await waitForCgroup(request.podUID, signal);
  const catcher = startCatcher(cgroup, request);
  const release = () => void catcher.stdin.end();
  signal.addEventListener('abort', release, { once: true });
  try {
    return await waitForStart(catcher, cgroup, container, signal);
  } catch (error) {
    release();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', release);
  }
}

async function waitForCgroup(podUID: string, signal: AbortSignal): Promise<PodCgroup> {
  for (;;) {
    signal.throwIfAborted();
    const cgroup = await findPodCgroup(nodeRoot, podUID);
    if (cgroup !== null) return cgroup;
    await delay(cgroupPollMs, undefined, { signal }).catch(() => undefined);
  }
}

function startCatcher({ folder, freezer }: PodCgroup, { holdSeconds, at }: CatchRequest): Catcher {
  const where = at === 'execve' ? 'before' : 'after';
  const args = [folder, freezer.file, freezer.freeze, freezer.thaw, String(holdSeconds * 1000), where];
  const catcher = spawn(agentPaths.catchStart, args, { cwd: '/', env: {}, stdio: ['pipe', 'pipe', 'pipe'] });
  // It may have ended by itself.
  catcher.stdin.on('error', () => undefined);
  return catcher;
}

async function waitForStart(
  catcher: Catcher,
  cgroup: PodCgroup,
  container: string,
  signal: AbortSignal,
): Promise<CaughtStart> {
  let errors = '';
  catcher.stderr.on(
    'data',
    (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-maxErrorCharacters)),
  );
  const ended = Promise.withResolvers<void>();
  catcher.once('close', () => ended.resolve());
  catcher.once('error', (error) => {
    errors = error.message;
    ended.resolve();
  });
  const caught = Promise.withResolvers<CaughtStart>();
  const thawed = Promise.withResolvers<ThawReason>();
  let found: { name: string; containerID: string } | null = null;
  createInterface({ input: catcher.stdout }).on('line', (line) => {
    const [word, name = '', last] = line.split(' ');
    if (word === 'found')
      void answerFound(catcher, name, container).then((answer) => (found = answer ?? found));
    else if (word === 'held' && found !== null) {
      const { containerID } = found;
      const pid = Number(last);
      const thaw = () => thawCatcher(catcher, cgroup, name, ended.promise);
      caught.resolve({ containerID, pid, thawed: thawed.promise, thaw });
    } else if (word === 'missed') errors = `a start of container "${container}" could not be held: ${errors}`;
    else if (word === 'thawed') thawed.resolve(name as ThawReason);
    else if (word === 'gone')
      caught.reject(new ProblemError('containerNotFound', 'the pod is gone from its node'));
  });
  void ended.promise.then(() => {
    thawed.resolve('asked');
    const cause = errors.trim().split('\n').join('; ');
    caught.reject(
      new ProblemError('bridgeFailed', `the start of the container can't be held${cause && `: ${cause}`}`),
    );
  });
  const aborted = once(signal, 'abort').then(() => Promise.reject(signal.reason as Error));
  aborted.catch(() => undefined);
  return await Promise.race([caught.promise, aborted]);
}

/** Says whether a new container is the one. @returns null when it is not. */
async function answerFound(catcher: Catcher, name: string, container: string) {
  const id = parseCgroupName(name);
  const named = id === null ? null : await nameContainer(id);
  const isWanted = named?.name === container;
  catcher.stdin.write(`${isWanted ? 'hold' : 'pass'} ${name}\n`);
  return isWanted ? named : null;
}

async function thawCatcher(
  catcher: Catcher,
  { folder, freezer }: PodCgroup,
  name: string,
  ended: Promise<void>,
): Promise<void> {
  catcher.stdin.end('thaw\n');
  const isEnded = await Promise.race([ended.then(() => true), delay(endLimitMs, false, { ref: false })]);
  if (isEnded && catcher.exitCode === 0) return;
  // Somebody has killed or stopped it.
  catcher.kill('SIGKILL');
  const file = join(nodeRoot, folder, name, freezer.file);
  await writeControl(file, freezer.thaw).catch(() => undefined);
}
