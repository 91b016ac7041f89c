import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { startKubectl, waitForOutput } from './command-run.ts';

/** A session that a test keeps open while something happens to it. */
export interface StartedSession {
  client: ChildProcessWithoutNullStreams;
  /** Settles when the client has ended: its exit code, and all that it wrote to stderr. */
  ended: Promise<{ code: number | null; stderr: string }>;
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
  const client = await startKubectl(['crashcart', ...args, '--', 'bash', '-c', script]);
  let stderr = '';
  client.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(client, 'close').then(([code]) => ({ code: code as number | null, stderr }));
  await waitForOutput(client);
  client.stdout.resume();
  return { client, ended };
}
