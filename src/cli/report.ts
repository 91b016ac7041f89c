import { constants } from 'node:os';
import { Failure } from '../failure/failure.ts';
import { ProblemError } from '../session-api/problem.ts';
import { escapeMessage } from '../terminal/escape-text.ts';
import { InterruptedError, OutputClosedError, UsageError } from './errors.ts';

/** Exit codes of our own; everything else is the command's. */
export const exitCodes = { checkFailed: 1, usage: 2, failure: 125 } as const;

/**
 * Says what failed and what to do about it; the only place that does.
 * @returns the exit code.
 */
export function reportError(error: unknown, stderr: { write(text: string): unknown }): number {
  // Nobody is there to read it; the code is that of a program that SIGPIPE ended.
  if (error instanceof OutputClosedError) return 128 + constants.signals.SIGPIPE;
  if (error instanceof InterruptedError) return 128 + error.signalNumber;
  const { message, hint, code } = describe(error);
  stderr.write(`error: ${escapeMessage(message)}\n`);
  if (hint !== null) stderr.write(`${escapeMessage(hint)}\n`);
  return code;
}

function describe(error: unknown): { message: string; hint: string | null; code: number } {
  if (error instanceof UsageError) return { message: error.message, hint: error.hint, code: exitCodes.usage };
  if (error instanceof Failure) {
    const code = error.code === 'targetInvalid' ? exitCodes.usage : exitCodes.failure;
    return { message: error.message, hint: error.hint, code };
  }
  if (error instanceof ProblemError)
    return { message: error.message, hint: error.detail, code: exitCodes.failure };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { message: `unexpected: ${message}`, hint: 'Please report this.', code: exitCodes.failure };
}
