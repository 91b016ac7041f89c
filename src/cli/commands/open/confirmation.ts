import { watchLeaveKeys } from '../../../terminal/prompt-keys.ts';
import type { Context } from '../../context.ts';
import { InterruptedError } from '../../errors.ts';

/**
 * Asks a question that is answered by yes or no. Enter means no.
 * @returns false without a terminal, and when the user leaves the question.
 * @throws InterruptedError at Ctrl-C; the signal's reason.
 */
export async function askOnTerminal(
  message: string,
  { stdin: input, stderr: output }: Pick<Context, 'stdin' | 'stderr'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (!input.isTTY || !output.isTTY) return false;
  // Only here: most sessions ask nothing.
  const { default: ask } = await import('@inquirer/confirm');
  const { left, stop } = watchLeaveKeys(input);
  try {
    return await ask({ message, default: false }, { input, output, signal: AbortSignal.any([signal, left]) });
  } catch (error) {
    signal.throwIfAborted();
    if (left.aborted) return false;
    // The prompt reads the terminal key by key: Ctrl-C is no signal there.
    if (error instanceof Error && error.name === 'ExitPromptError') throw new InterruptedError('SIGINT');
    throw error;
  } finally {
    stop();
  }
}
