import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { runCrashcart, waitUntil } from './command-run.ts';
import { listProcesses, readCommandLine } from './node-processes.ts';
import { startClient } from './started-session.ts';
import { expectSuccess } from './test-namespace.ts';

/** A command that arrives late would have run by then. */
const lateMs = 500;

/** What became of a client that got a signal a moment after its start, and of what it had asked for. */
export interface InterruptedStart {
  /** The exit code; that of a shell for a client that the signal ended before it could handle it. */
  code: number | null;
  stderr: string;
  /** Command lines of the session that still run. */
  processes: string[];
  /** Jobs of agents that are left, and that had no session of this client. */
  jobs: string[];
}

const signals = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 };
export type InterruptingSignal = keyof typeof signals;

/**
 * Starts a session that traces its target, and interrupts the client.
 * @param agents the namespace of agents, which nobody else uses.
 * @param flags more of the client.
 */
export async function interruptStart(
  agents: string,
  afterMs: number,
  signal: InterruptingSignal,
  flags: string[] = [],
): Promise<InterruptedStart> {
  const marker = randomUUID();
  const target = ['musl', '-n', 'targets', '-q', '--agent-namespace', agents, ...flags];
  // Once it runs, the first SIGINT is for the command, which ends then.
  const script = `strace -f -o /tmp/${marker} -p 1 2>/dev/null & exec sleep 1000`;
  const { client, ended } = await startClient(target, script);
  await delay(afterMs);
  client.kill(signal);
  const { code, signal: endedBy, stderr } = await ended;
  await delay(lateMs);
  return {
    code: endedBy === signal ? 128 + signals[signal] : code,
    stderr,
    processes: listProcesses()
      .map(readCommandLine)
      .filter((line) => line.includes(marker)),
    jobs: await listUnusedJobs(agents, marker),
  };
}

/** Deletes all agents of a namespace, so that the next session has to start one. */
export async function removeAgents(agents: string): Promise<void> {
  await expectSuccess(['delete', 'jobs', '--all', '-n', agents]);
  const listPods = ['get', 'pods', '-n', agents, '-o', 'name'];
  await waitUntil('no agent', async () => (await expectSuccess(listPods)) === '', 40_000);
}

/** @returns the Jobs of agents in which the client's session never was. */
async function listUnusedJobs(agents: string, marker: string): Promise<string[]> {
  const jobs = await expectSuccess(['get', 'jobs', '-n', agents, '-o', 'name']);
  if (jobs === '') return [];
  const { stdout } = await runCrashcart(['sessions', '--agent-namespace', agents, '-o', 'json']);
  return stdout.includes(marker) ? [] : jobs.trim().split('\n');
}
