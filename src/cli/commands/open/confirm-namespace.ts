import type { NamespaceMissingError } from '../../../cluster/agent-pods/agent-jobs.ts';
import { createAgentNamespace } from '../../../cluster/agent-pods/agent-namespace.ts';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import type { Context } from '../../context.ts';
import { askOnTerminal } from './confirmation.ts';
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
  const question = `The namespace "${namespace}" for privileged agents does not exist. Create it?`;
  if (!options.createNamespace && !(await askOnTerminal(question, context, signal))) throw missing;
  await createAgentNamespace(api, namespace, signal);
}
