import { agentContainer } from './agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { describePodEnd } from '../target/pod-end.ts';
import { describeTermination } from '../target/target-container.ts';
import { Failure } from '../../failure/failure.ts';

/**
 * Asks the API server whether an agent has ended, since a connection may break for that reason. The kubelet reports the
 * end a moment later.
 * @param agent the agent's pod.
 * @param cause the error that the connection broke with.
 * @param signal the limit of asking.
 * @returns Failure `agentFailed`; null while the agent is there, as far as is known.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function findAgentEnd(
  api: ApiClient,
  agent: { namespace: string; pod: string },
  cause: unknown,
  signal: AbortSignal,
): Promise<Failure | null> {
  const why = await describePodEnd(api, agent, describeAgentEnd, signal);
  if (why === null) return null;
  return new Failure(
    'agentFailed',
    `the agent in the namespace "${agent.namespace}" has ended, and the session with it: ${why}`,
    'Whether the command ended is not known. Run the command again: the next session starts another agent.',
    { cause },
  );
}

function describeAgentEnd({ metadata, status }: Pod): string | null {
  const container = status.containerStatuses.find(({ name }) => name === agentContainer);
  // That the pod is being deleted says more than how its container then ended.
  const terminated = metadata.deletionTimestamp === null ? container?.state.terminated : undefined;
  const where = `pod "${metadata.name}"`;
  // Of an agent that failed, the message is the end of its log (FallbackToLogsOnError), with other users' sessions.
  if (terminated) return `${where} ended: ${describeTermination({ ...terminated, message: '' })}`;
  if (status.phase === 'Failed') return `${where} failed: ${status.reason} ${status.message}`.trimEnd();
  return null;
}
