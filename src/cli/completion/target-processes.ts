import { isAgentUsable, listAgents } from '../../cluster/agent-pods/find-agent.ts';
import type { ApiClient } from '../../cluster/api/api-client.ts';
import type { Pod } from '../../cluster/api/objects/kubernetes-objects.ts';
import { askAgent } from '../../cluster/session/ask-agent.ts';
import { chooseContainer } from '../../cluster/target/target-container.ts';
import type { TargetName } from '../../cluster/target/target-name.ts';
import { findTargetPod } from '../../cluster/target/target-pod.ts';
import type { TargetProcess } from '../../session-api/session-routes.ts';

/** A node may have agents of several versions, and an older one does not know the request. */
const maxAsked = 4;

/** What is asked for. */
export interface ProcessSearch {
  name: TargetName;
  /** null: the pod's default. */
  container: string | null;
}

/**
 * Lists the processes of a target, as an agent sees them that is on its node already.
 * @returns none when there is no such agent, or the target is a node.
 * @throws whatever prevents the answer.
 */
export async function listTargetProcesses(
  api: ApiClient,
  { name, container }: ProcessSearch,
  agentNamespace: string,
  signal: AbortSignal,
): Promise<TargetProcess[]> {
  if (name.kind === 'node') return [];
  const [pod, agents] = await Promise.all([
    findTargetPod(api, name, signal),
    listAgents(api, agentNamespace, signal),
  ]);
  const { containerID } = chooseContainer(pod, container);
  const there = agents.filter((agent) => agent.spec.nodeName === pod.spec.nodeName && isAgentUsable(agent));
  if (there.length === 0) return [];
  const newest = there.toSorted(({ metadata: one }, { metadata: other }) =>
    (other.creationTimestamp ?? '').localeCompare(one.creationTimestamp ?? ''),
  );
  const ask = ({ metadata }: Pod) =>
    askAgent(
      api,
      { namespace: agentNamespace, pod: metadata.name },
      (client, limit) => client.listProcesses(containerID, limit),
      signal,
    );
  return await Promise.any(newest.slice(0, maxAsked).map(ask));
}

/**
 * Describes processes for completion. The target chooses its names: one that a shell would take for something else is
 * not offered.
 * @returns IDs, then names, each with what it stands for.
 */
export function describeProcesses(processes: TargetProcess[]): { value: string; description: string }[] {
  const byName = Map.groupBy(processes, ({ name }) => name);
  const isPlain = (name: string) => /^[\p{L}_][\p{L}\p{N}_.:+@-]*$/u.test(name);
  return [
    ...processes.map(({ pid, name }) => ({ value: String(pid), description: name })),
    ...[...byName]
      .filter(([name]) => isPlain(name))
      .map(([name, all]) => ({ value: name, description: all.map(({ pid }) => pid).join(' ') })),
  ];
}
