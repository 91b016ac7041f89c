import type { ChildProcess } from 'node:child_process';
import { ProblemError } from '../../session-api/problem.ts';
import { startedMark } from './entering-contract.ts';

/** Messages of programs that fail are far shorter. */
const maxMessageBytes = 4096;
/** What has ended has written all that it had to say; a process that has got away may keep the pipe open. */
const lastWordsLimitMs = 500;

/**
 * Waits until the programs that enter a target have started the command.
 * @param child the first of them, as `spawn` has returned it; descriptor 2 is a pipe.
 * @param limitMs how long they may take.
 * @param signal ends the wait. After a failure, too, the programs are the caller's to end.
 * @returns what the programs warn of: what the session lacks, in sentences.
 * @throws ProblemError `bridgeFailed` when they end before, with the step that failed, or take too long; the signal's
 *   reason; what `spawn` fails with.
 */
export async function waitForStart(
  child: ChildProcess,
  limitMs: number,
  signal: AbortSignal,
): Promise<string[]> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let message = '';
  const refuse = (what: string) => {
    const cause = message.trim().split('\n').join('; ');
    reject(
      new ProblemError('bridgeFailed', `the target could not be entered${what}${cause && `: ${cause}`}`),
    );
  };
  const read = (chunk: Buffer) => {
    const end = chunk.indexOf(startedMark);
    const text = chunk.subarray(0, end === -1 ? chunk.length : end).toString();
    if (message.length < maxMessageBytes) message += text.slice(0, maxMessageBytes);
    if (end !== -1) resolve();
  };
  const abort = () => reject(signal.reason as Error);
  const limit = setTimeout(() => refuse(` within ${limitMs / 1000} s`), limitMs);
  let lastWords: NodeJS.Timeout | undefined;
  child.stderr?.on('data', read);
  child.once('error', reject);
  child.once('exit', (code, name) => {
    const what = name === null ? `: exit code ${code}` : `: killed by ${name}`;
    const refuseAfterAll = () => refuse(message === '' ? what : '');
    if (child.stderr?.closed === false) child.stderr.once('close', refuseAfterAll);
    else refuseAfterAll();
    lastWords = setTimeout(refuseAfterAll, lastWordsLimitMs);
  });
  signal.addEventListener('abort', abort);
  try {
    await promise;
    return listWarnings(message);
  } finally {
    clearTimeout(limit);
    clearTimeout(lastWords);
    signal.removeEventListener('abort', abort);
    // Read on: tini may warn as long as the session runs, and a pipe without a reader would end it.
    child.stderr?.off('data', read).resume();
  }
}

function listWarnings(message: string): string[] {
  return message.split('\n').flatMap((line) => /^warning: (.+)$/.exec(line)?.[1] ?? []);
}
