import type { NamespaceMissingError } from '../../../cluster/agent-pods/agent-jobs.ts';
import { createAgentNamespace } from '../../../cluster/agent-pods/agent-namespace.ts';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import { watchLeaveKeys } from '../../../terminal/prompt-keys.ts';
import type { Context } from '../../context.ts';
import { InterruptedError } from '../../errors.ts';
import type { SessionOptions } from './session-request.ts';

/**
 * Creates the missing namespace if the user wants that: by flag, or by the answer on the terminal.
 * @throws the error itself when the user does not; InterruptedError at Ctrl-C; the signal's reason; ApiError.
 */
export async function confirmNamespace(
  api: ApiClient,
  missing: NamespaceMissingError,
  options: Pick<SessionOptions, 'createNamespace'>,
  context: Pick<Context, 'stdin' | 'stderr'>,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = missing;
  const { stdin, stderr } = context;
  const question = `The namespace "${namespace}" for privileged agents does not exist. Create it?`;
  if (!options.createNamespace) {
    if (!stdin.isTTY || !stderr.isTTY || !(await confirm(question, context, signal))) throw missing;
  }
  await createAgentNamespace(api, namespace, signal);
}

async function confirm(
  message: string,
  { stdin: input, stderr: output }: Pick<Context, 'stdin' | 'stderr'>,
  signal: AbortSignal,
): Promise<boolean> {
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
