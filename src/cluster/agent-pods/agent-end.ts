import { agentContainer } from './agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import { describeTermination } from '../target/target-container.ts';
import { Failure } from '../../failure/failure.ts';
import { podSchema } from '../api/kubernetes-objects.ts';

/**
 * A connection that breaks in mid-session may do so as its agent has ended: asks the API server for that. The
 * kubelet tells it a moment later.
 * @param agent its pod.
 * @param cause what was met.
 * @param signal its limit.
 * @returns null while the agent is there, as far as is known.
 * @throws ApiError, Failure `connection`.
 */
export async function findAgentEnd(
  api: ApiClient,
  { namespace, pod }: { namespace: string; pod: string },
  cause: unknown,
  signal: AbortSignal,
): Promise<Failure | null> {
  const why = await describeAgentEnd(api, namespace, pod, signal);
  if (why === null) return null;
  return new Failure(
    'agentFailed',
    `the agent has ended, and the session with it: pod "${pod}" in the namespace "${namespace}"${why}`,
    'Whether the command ended is not known. When it is run again, another agent is made.',
    { cause },
  );
}

async function describeAgentEnd(
  api: ApiClient,
  namespace: string,
  pod: string,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const { metadata, status } = await api.get({
      path: `api/v1/namespaces/${namespace}/pods/${pod}`,
      schema: podSchema,
      access: { verb: 'get', resource: 'pods', namespace },
      signal,
    });
    const container = status.containerStatuses.find((entry) => entry.name === agentContainer);
    const { terminated } = container?.state ?? {};
    if (metadata.deletionTimestamp !== null) return ' is being deleted';
    if (terminated) return `: ${describeTermination(terminated)}`;
    if (status.phase === 'Failed') return `: ${status.reason} ${status.message}`.trimEnd();
    return null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return ' was deleted';
    throw error;
  }
}
