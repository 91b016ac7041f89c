import { criticalPriority } from '../../../cluster/agent-pods/critical-priority.ts';
import { NodeRefusalError } from '../../../cluster/agent-pods/refusals/node-refusal.ts';
import type { Context } from '../../context.ts';
import { askOnTerminal } from './confirmation.ts';

/**
 * Asks whether the agent may be critical, when the node admits no other. Nobody is asked who has chosen a PriorityClass.
 * @param error what the agent's start failed with.
 * @param priorityClass that was asked for; null: none.
 * @returns the PriorityClass to try again with.
 * @throws the error itself when it has another cause, and when the user does not want that; InterruptedError at Ctrl-C; the
 *   signal's reason.
 */
export async function confirmPriority(
  error: unknown,
  priorityClass: string | null,
  context: Pick<Context, 'stdin' | 'stderr'>,
  signal: AbortSignal,
): Promise<string> {
  if (!(error instanceof NodeRefusalError) || error.remedy !== 'criticalPriority' || priorityClass !== null)
    throw error;
  const question = `${capitalize(error.message)}. Start a critical agent (${criticalPriority})? The kubelet may end other pods to make room.`;
  if (!(await askOnTerminal(question, context, signal))) throw error;
  return criticalPriority;
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
