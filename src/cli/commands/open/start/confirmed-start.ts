import { NamespaceMissingError } from '../../../../cluster/agent-pods/agent-jobs.ts';
import type { AgentOptions } from '../../../../cluster/agent-pods/agent-spec.ts';
import type { ApiClient } from '../../../../cluster/api/api-client.ts';
import type { NodeAgentsRequest } from '../../../../cluster/session/shared/node-agents.ts';
import type { ProgressLine } from '../../../../terminal/progress.ts';
import type { Context } from '../../../context.ts';
import { confirmNamespace } from '../confirm-namespace.ts';
import { confirmPriority } from '../confirm-priority.ts';

/**
 * Decides by the user's answer whether an agent that did not start is started otherwise. Of several nodes, one question
 * is asked after the other; the namespace is asked for once.
 */
export function confirmStart(
  api: ApiClient,
  options: { createNamespace: boolean },
  progress: ProgressLine,
  context: Context,
  signal: AbortSignal,
): NodeAgentsRequest['retry'] {
  let turn: Promise<unknown> = Promise.resolve();
  let namespace: Promise<void> | null = null;
  const nodes = new Set<string>();
  const decide = async (error: unknown, node: string, tried: AgentOptions): Promise<AgentOptions> => {
    progress.clear();
    if (error instanceof NamespaceMissingError && !nodes.has(node)) {
      nodes.add(node);
      await (namespace ??= confirmNamespace(api, error, options, context, signal));
      return tried;
    }
    const priorityClass = await confirmPriority(error, tried.priorityClass, context, signal);
    return { ...tried, priorityClass };
  };
  return async (error, node, tried) => {
    const answer = turn.then(() => decide(error, node, tried));
    turn = answer.catch(() => undefined);
    return await answer;
  };
}
