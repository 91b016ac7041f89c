import type { NodeReport } from '../../session-api/node-report.ts';
import { ProblemError } from '../../session-api/problem.ts';
import { findWarmAgent, listAgents } from '../agent-pods/find-agent.ts';
import { askAgent, findNode } from '../session/list-sessions.ts';
import { agentAnnotations, type AgentOptions } from '../agent-pods/agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Pod } from '../api/kubernetes-objects.ts';
import type { SessionClient } from '../session/session-client.ts';
import { approve, condemn, type Finding, runCheck, type Verdict } from './finding.ts';

/** Each is a connection of its own, and of many nodes a few say what there is to say. */
const maxAsked = 20;

/** What is known of the agents that run. */
export interface CheckedAgents {
  findings: Finding[];
  running: Pod[];
  /** What they say of their nodes, by the names of these; of agents that did not answer there is nothing. */
  reports: ReadonlyMap<string, NodeReport>;
}

/**
 * Checks the agents that run, and the way to one of them: an exec websocket through all that is in between. Without
 * an agent there is nothing to try it with; none is started. Those that are asked tell of their nodes, too.
 * @param node whose agent is asked, or any other if it has none (or is no node); null: those of all nodes.
 * @throws what aborted the signal.
 */
export async function checkAgents(
  api: ApiClient,
  node: string | null,
  options: AgentOptions,
  signal: AbortSignal,
): Promise<CheckedAgents> {
  const { namespace, version } = options;
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
  const reports = new Map<string, NodeReport>();
  const [nearest, ...others] = chooseAgents(running, node, options);
  const ask = (pod: Pod) => askForReport(api, namespace, pod, reports, signal);
  const asking = others.map((pod) => ask(pod).catch(() => null));
  const tunnel = await runCheck('tunnel', signal, async () =>
    nearest ? await judgeTunnel(nearest, () => ask(nearest), signal) : judgeMissingAgent(),
  );
  await Promise.all(asking);
  return { findings: [agents, tunnel], running, reports };
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

/** @returns one agent of each node that is asked for: the one that a session would use, if there is one. */
function chooseAgents(running: Pod[], node: string | null, options: AgentOptions): Pod[] {
  const nodes = node === null ? [...new Set(running.map(findNode))] : [node];
  const chosen = nodes.flatMap((name) => {
    const warm = findWarmAgent(running, { node: name, options });
    const found = warm ?? running.find((pod) => findNode(pod) === name) ?? null;
    return found === null ? [] : [found];
  });
  return (chosen.length === 0 ? running.slice(0, 1) : chosen).slice(0, maxAsked);
}

async function judgeTunnel(pod: Pod, ask: () => Promise<number>, signal: AbortSignal): Promise<Verdict> {
  const startedAt = performance.now();
  try {
    const sessions = await ask();
    const ms = Math.round(performance.now() - startedAt);
    return approve(`the agent on "${findNode(pod)}" answered in ${ms} ms; it has ${sessions} sessions`);
  } catch (error) {
    if (signal.aborted) throw error;
    return condemn(error);
  }
}

function judgeMissingAgent(): Verdict {
  const mend = 'With a TARGET, --start-agent starts one to try it with.';
  return { state: 'unknown', found: 'not tried, as no agent runs', mend };
}

/** @returns how many sessions the agent has. */
async function askForReport(
  api: ApiClient,
  namespace: string,
  pod: Pod,
  reports: Map<string, NodeReport>,
  signal: AbortSignal,
): Promise<number> {
  const ask = (client: SessionClient, limit: AbortSignal) =>
    Promise.all([client.listSessions(limit), getReport(client, limit)]);
  const [sessions, report] = await askAgent(api, { namespace, pod: pod.metadata.name }, ask, signal);
  if (report !== null) reports.set(findNode(pod), report);
  return sessions.length;
}

/** @returns null of an agent that is too old to tell. */
async function getReport(client: SessionClient, signal: AbortSignal): Promise<NodeReport | null> {
  try {
    return await client.getNodeReport(signal);
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'notFound') return null;
    throw error;
  }
}
