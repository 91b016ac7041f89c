import { criticalPriority } from './critical-priority.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { isPodReady } from '../api/objects/pod-readiness.ts';
import { pods } from '../api/resources.ts';
import { agentLabels, agentLabelSelector, type AgentOptions, describeAgent } from './agent-spec.ts';
import { computeResidentKey, residentLabels } from './resident/resident-spec.ts';

/** Which agent can take a session. */
export interface AgentChoice {
  node: string;
  options: AgentOptions;
  /** UIDs of pods that have turned out to take no more sessions; none when it is left out. */
  excluded?: ReadonlySet<string>;
}

/**
 * Lists the pods of agents, on whatever node.
 * @param selector of labels; that of all agents when it is left out.
 * @returns the agents' pods; none when the namespace does not exist.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function listAgents(
  api: ApiClient,
  namespace: string,
  signal: AbortSignal,
  selector = agentLabelSelector,
): Promise<Pod[]> {
  const { items } = await api.get({
    ...pods.list(namespace),
    query: { labelSelector: selector },
    signal,
  });
  return items;
}

/** @returns whether an agent's pod takes requests now, and will not end at once. */
export function isAgentUsable(agent: Pod): boolean {
  return agent.metadata.deletionTimestamp === null && agent.status.phase === 'Running' && isPodReady(agent);
}

/**
 * Chooses among running agents the one that a session uses.
 * @returns an agent that is ready, an installed one before others; null when there is none.
 */
export function findWarmAgent(agents: Pod[], { node, options, excluded }: AgentChoice): Pod | null {
  const usable = agents.filter((agent) => isAgentUsable(agent) && !excluded?.has(agent.metadata.uid));
  // Most often there is none: the keys, each the hash of a rendered pod spec, are computed only when they matter.
  if (usable.length === 0) return null;
  const residentKey = computeResidentKey(options);
  const installed = usable.find(
    ({ metadata, spec }) => metadata.labels[residentLabels.key] === residentKey && spec.nodeName === node,
  );
  if (installed) return installed;
  // What a session can do does not depend on requests and urgency: agents that were made for a full node are used, too.
  const critical = { ...options, priorityClass: criticalPriority };
  const keys = [
    describeAgent(node, options).key,
    describeAgent(node, options, { hasRequests: false }).key,
    describeAgent(node, critical).key,
  ];
  return usable.find(({ metadata }) => keys.includes(metadata.labels[agentLabels.key] ?? '')) ?? null;
}
