import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { startKubectl, waitForOutput } from './command-run.ts';

/** How the client of a session ended, with all that it wrote. */
export interface EndedSession {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
}

/** A session that a test keeps open while something happens to it. */
export interface StartedSession {
  client: ChildProcessWithoutNullStreams;
  /** Settles when the client has ended. */
  ended: Promise<EndedSession>;
}

/**
 * Starts a client, and does not wait for its session.
 * @param args what comes before `--`.
 * @param script of the toolbox's shell.
 */
export async function startClient(args: string[], script: string): Promise<StartedSession> {
  const client = await startKubectl(['crashcart', ...args, '--', 'bash', '-c', script]);
  const outputs = Promise.all([buffer(client.stdout), buffer(client.stderr)]);
  const closed = once(client, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const ended = Promise.all([closed, outputs]).then(([[code, signal], [stdout, stderr]]) => ({
    code,
    signal,
    stdout,
    stderr: stderr.toString(),
  }));
  return { client, ended };
}

/**
 * Opens a session whose command waits, and returns once it runs in its target.
 * @param args what comes before `--`.
 * @param script of the toolbox's shell; it has to write something first.
 * @throws with what the client wrote to stderr, when it ends without.
 */
export async function startSession(
  args: string[],
  script = 'echo open; sleep 4250',
): Promise<StartedSession> {
  const session = await startClient(args, script);
  await waitForOutput(session.client);
  return session;
}
