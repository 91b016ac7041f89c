import { createInterface } from 'node:readline/promises';
import type { NamespaceMissingError } from '../../cluster/agent-jobs.ts';
import { createAgentNamespace } from '../../cluster/agent-namespace.ts';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { Context } from '../context.ts';
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
    const prompt = createInterface({ input: stdin, output: stderr });
    try {
      const question = `The namespace "${namespace}" for privileged agents does not exist. Create it? [y/N] `;
      const answer = await prompt.question(question, { signal });
      if (!/^y(es)?$/i.test(answer.trim())) throw missing;
    } finally {
      prompt.close();
    }
  }
  await createAgentNamespace(api, namespace, signal);
}
