import { findWarmAgent, listAgents } from '../../agent-pods/find-agent.ts';
import { type AgentRequest, startAgent } from '../../agent-pods/start-agent.ts';
import type { ApiClient } from '../../api/api-client.ts';
import type { Pod } from '../../api/objects/kubernetes-objects.ts';
import { removeUnusedAgents } from '../unused-agents.ts';

/**
 * Gets an agent ready before there is anything to enter: a running one, or a new one. An agent that was made is removed
 * again when the signal is aborted, unless it is in use.
 * @returns the agents that are there; none when it failed, which the start of the session will meet as well, and tell.
 *   Never throws.
 */
export async function prepareAgent(
  api: ApiClient,
  request: Omit<AgentRequest, 'onMade' | 'onProgress' | 'nodeIsTarget'>,
): Promise<Pod[]> {
  const { options, signal } = request;
  const made = new Set<string>();
  try {
    const known = await listAgents(api, options.namespace, signal);
    if (findWarmAgent(known, request) !== null) return known;
    const started = await startAgent(api, {
      ...request,
      nodeIsTarget: false,
      onProgress: () => undefined,
      onMade: (job) => made.add(job),
    });
    return [...known, started];
  } catch {
    if (signal.aborted) await removeUnusedAgents(api, options.namespace, made);
    return [];
  }
}
