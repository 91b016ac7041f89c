import { createInterface } from 'node:readline/promises';
import type { NamespaceMissingError } from '../../../cluster/agent-pods/agent-jobs.ts';
import { createAgentNamespace } from '../../../cluster/agent-pods/agent-namespace.ts';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import type { Context } from '../../context.ts';
import type { SessionOptions } from './session-options.ts';

/**
 * Makes the missing namespace if the user wants that: by flag, or asked on the terminal.
 * @throws the error itself when they don't; ApiError.
 */
export async function confirmNamespace(
  api: ApiClient,
  missing: NamespaceMissingError,
  options: SessionOptions,
  context: Context,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = missing;
  if (!options.createNamespace) {
    const { stdin, stderr } = context;
    if (!stdin.isTTY || !stderr.isTTY) throw missing;
    // Not as a terminal of readline's own: Ctrl-C stays a signal, and ends the command as anywhere else.
    const prompt = createInterface({ input: stdin, output: stderr, terminal: false });
    try {
      const question = `The namespace "${namespace}" for privileged agents does not exist. Create it? [y/N] `;
      // Ctrl-D closes the prompt, and leaves the question without an answer for ever.
      const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
      const answer = await Promise.race([prompt.question(question, { signal }), closed]);
      if (!/^y(es)?$/i.test(answer.trim())) throw missing;
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      prompt.close();
    }
  }
  await createAgentNamespace(api, namespace, signal);
}
