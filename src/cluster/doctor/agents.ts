import type { NodeReport } from '../../session-api/node-report.ts';
import { ProblemError } from '../../session-api/problem.ts';
import { findWarmAgent, listAgents } from '../agent-pods/find-agent.ts';
import { askAgent } from '../session/ask-agent.ts';
import { findNode } from '../session/list-sessions.ts';
import { agentAnnotations, type AgentOptions } from '../agent-pods/agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import type { SessionClient } from '../session/session-client.ts';
import { type CheckResult, failBy, type Finding, leaveOpen, pass, runCheck, warn } from './finding.ts';

/** Each agent is asked over a connection of its own, and a few of many nodes show what there is to show. */
const maxAsked = 20;

/** The findings about running agents, and what the agents report. */
export interface CheckedAgents {
  findings: Finding[];
  running: Pod[];
  /** By the node's name. Agents that did not answer have none. */
  reports: ReadonlyMap<string, NodeReport>;
}

/**
 * Checks the running agents, and the tunnel to one of them: an exec websocket through all proxies in between. No agent is
 * started: where none runs, the tunnel is not tried. The agents that are asked report on their nodes, too.
 * @param node whose agent is asked; when no agent runs there, any other is. null: those of all nodes.
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
    return checkAgentVersions(
      running.map(({ metadata }) => metadata.annotations[agentAnnotations.version] ?? 'unknown'),
      version,
    );
  });
  const reports = new Map<string, NodeReport>();
  const [nearest, ...others] = chooseAgents(running, node, options);
  const ask = (pod: Pod) => askForReport(api, namespace, pod, reports, signal);
  const asking = others.map((pod) => ask(pod).catch(() => null));
  const tunnel = await runCheck('tunnel', signal, async () =>
    nearest ? await checkTunnel(nearest, () => ask(nearest), signal) : describeMissingAgent(),
  );
  await Promise.all(asking);
  return { findings: [agents, tunnel], running, reports };
}

/** Compares the versions of running agents with the plugin's. */
export function checkAgentVersions(versions: string[], own: string): CheckResult {
  if (versions.length === 0) return pass('none runs: the first session starts one');
  const others = [...new Set(versions.filter((version) => version !== own))];
  if (others.length === 0) return pass(`${versions.length} running, of the plugin's version`);
  return warn(
    `${versions.length} running, some of version ${others.join(', ')}; the plugin has ${own}`,
    '`kubectl crashcart clean` removes those without sessions, `kubectl crashcart install` replaces installed ones.',
  );
}

/** Chooses one agent of each node: the one that a session would use, if there is one. */
function chooseAgents(running: Pod[], node: string | null, options: AgentOptions): Pod[] {
  const nodes = node === null ? [...new Set(running.map(findNode))] : [node];
  const chosen = nodes.flatMap((name) => {
    const warm = findWarmAgent(running, { node: name, options });
    const found = warm ?? running.find((pod) => findNode(pod) === name) ?? null;
    return found === null ? [] : [found];
  });
  return (chosen.length === 0 ? running.slice(0, 1) : chosen).slice(0, maxAsked);
}

async function checkTunnel(pod: Pod, ask: () => Promise<number>, signal: AbortSignal): Promise<CheckResult> {
  const startedAt = performance.now();
  try {
    const sessions = await ask();
    const ms = Math.round(performance.now() - startedAt);
    return pass(
      `the agent on "${findNode(pod)}" answered in ${ms} ms; it holds ${sessions} session${sessions === 1 ? '' : 's'}`,
    );
  } catch (error) {
    if (signal.aborted) throw error;
    return failBy(error);
  }
}

function describeMissingAgent(): CheckResult {
  return leaveOpen('not tried, since no agent runs', 'Give a TARGET and --start-agent to try the tunnel.');
}

/** Asks an agent for its sessions and its report. @returns the number of sessions. */
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

/** @returns null for an agent of a version that has no reports. */
async function getReport(client: SessionClient, signal: AbortSignal): Promise<NodeReport | null> {
  try {
    return await client.getNodeReport(signal);
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'notFound') return null;
    throw error;
  }
}
