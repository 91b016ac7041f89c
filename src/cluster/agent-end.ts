import { setTimeout as delay } from 'node:timers/promises';
import { agentContainer } from './agent-spec.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { describeTermination } from './container.ts';
import { Failure, type FailureCode } from './failure.ts';
import { podSchema } from './kubernetes-objects.ts';

const pollMs = 250;
const lostCodes: FailureCode[] = ['tunnelFailed', 'connectionLost', 'streamCut'];

/**
 * A connection that breaks in mid-session may do so as its agent has ended: asks the API server for that.
 * @param agent its pod.
 * @param signal its limit.
 * @returns what to throw for the error that was met.
 */
export async function explainLostAgent(
  api: ApiClient,
  agent: { namespace: string; pod: string },
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof Failure) || !lostCodes.includes(error.code)) return error;
  // The relay has ended before us, so most likely all of the agent has: the kubelet tells a moment later.
  const isEnding = error.code === 'tunnelFailed';
  const why = await describeAgentEnd(api, agent, isEnding, signal).catch(() => null);
  if (why === null) return error;
  return new Failure(
    'agentFailed',
    `the agent has ended, and the session with it: ${why}`,
    'Whether the command ended is not known. When it is run again, another agent is made.',
    { cause: error },
  );
}

async function describeAgentEnd(
  api: ApiClient,
  { namespace, pod: name }: { namespace: string; pod: string },
  isEnding: boolean,
  signal: AbortSignal,
): Promise<string | null> {
  const where = `pod "${name}" in the namespace "${namespace}"`;
  for (;;) {
    try {
      const { metadata, status } = await api.get({
        path: `api/v1/namespaces/${namespace}/pods/${name}`,
        schema: podSchema,
        access: { verb: 'get', resource: 'pods', namespace },
        signal,
      });
      const container = status.containerStatuses.find((entry) => entry.name === agentContainer);
      const { terminated } = container?.state ?? {};
      if (metadata.deletionTimestamp !== null) return `${where} is being deleted`;
      if (terminated) return `${where}: ${describeTermination(terminated)}`;
      if (status.phase === 'Failed') return `${where}: ${status.reason} ${status.message}`.trim();
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return `${where} was deleted`;
      throw error;
    }
    if (!isEnding) return null;
    await delay(pollMs, undefined, { signal });
  }
}
