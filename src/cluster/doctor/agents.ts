import { listAgents } from '../agent-pod.ts';
import { findNode, listSessionsOf } from '../agent-sessions.ts';
import { agentAnnotations, type AgentOptions } from '../agent-spec.ts';
import type { ApiClient } from '../api-client.ts';
import type { Pod } from '../kubernetes-objects.ts';
import { approve, condemn, type Finding, runCheck, type Verdict } from './finding.ts';

/**
 * Checks the agents that run, and the way to one of them: an exec websocket through all that is in between. Without
 * an agent there is nothing to try it with; none is started.
 * @param node whose agent is asked; null: any.
 * @throws what aborted the signal.
 */
export async function checkAgents(
  api: ApiClient,
  node: string | null,
  { namespace, version }: Pick<AgentOptions, 'namespace' | 'version'>,
  signal: AbortSignal,
): Promise<Finding[]> {
  let running: Pod[] = [];
  const agents = await runCheck('agents', signal, async () => {
    running = (await listAgents(api, namespace, signal)).filter(
      ({ status, metadata }) => status.phase === 'Running' && metadata.deletionTimestamp === null,
    );
    return judgeAgentVersions(
      running.map(({ metadata }) => metadata.annotations[agentAnnotations.version] ?? 'unknown'),
      version,
    );
  });
  const tunnel = await runCheck('tunnel', signal, () => tryTunnel(api, node, namespace, running, signal));
  return [agents, tunnel];
}

/** Judges running agents by their versions. */
export function judgeAgentVersions(versions: string[], own: string): Verdict {
  if (versions.length === 0) return approve('none runs: the first session makes one');
  const others = [...new Set(versions.filter((version) => version !== own))];
  if (others.length === 0) return approve(`${versions.length} running, of this version`);
  return {
    state: 'warning',
    found: `${versions.length} running, some of version ${others.join(', ')}; this is ${own}`,
    mend: '`kubectl crashcart clean` removes those without sessions, `kubectl crashcart install` replaces installed ones.',
  };
}

async function tryTunnel(
  api: ApiClient,
  node: string | null,
  namespace: string,
  running: Pod[],
  signal: AbortSignal,
): Promise<Verdict> {
  const nearest = running.find((pod) => findNode(pod) === node) ?? running[0];
  if (!nearest) {
    const found = 'not tried, as no agent runs';
    return { state: 'unknown', found, mend: `Run this again within minutes of a session.` };
  }
  const startedAt = performance.now();
  try {
    const sessions = await listSessionsOf(api, { namespace, pod: nearest.metadata.name }, signal);
    const ms = Math.round(performance.now() - startedAt);
    return approve(
      `the agent on "${findNode(nearest)}" answered in ${ms} ms; it has ${sessions.length} sessions`,
    );
  } catch (error) {
    if (signal.aborted) throw error;
    return condemn(error);
  }
}
