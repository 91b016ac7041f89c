import type { NodeReport } from '../../../session-api/node-report.ts';
import { isCriticalClass } from '../../agent-pods/critical-priority.ts';
import type { ApiClient } from '../../api/api-client.ts';
import type { Node } from '../../api/objects/kubernetes-objects.ts';
import { events, nodes } from '../../api/resources.ts';
import { type CheckResult, type CheckStatus, type Finding, leaveOpen } from '../finding.ts';
import { featureChecks, checkFeature } from './node-features.ts';
import { checkCgroups, checkKernel, checkRuntime } from './node-software.ts';
import { checkPressure, checkReadiness, checkTaints } from './node-state.ts';

const maxNodes = 500;
/** More nodes are counted, and not named one by one. */
const maxNamed = 3;
const severity: CheckStatus[] = ['ok', 'unknown', 'warning', 'failed'];

/**
 * Reads a node, or all nodes.
 * @param name null: all nodes, at most 500.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function readNodes(api: ApiClient, name: string | null, signal: AbortSignal): Promise<Node[]> {
  if (name !== null) return [await api.get({ ...nodes.get(name), signal })];
  const { items } = await api.get({ ...nodes.list(), query: { limit: String(maxNodes) }, signal });
  return items;
}

/** Finds the nodes whose kubelets reported cgroup v1. @returns their names; none when Events can't be read. */
export async function findCgroupV1Nodes(api: ApiClient, signal: AbortSignal): Promise<Set<string>> {
  // Kubernetes keeps the Events of nodes in "default".
  const kubeletEvents = await api
    .get({
      ...events.list('default'),
      query: { fieldSelector: 'involvedObject.kind=Node,reason=CgroupV1' },
      signal,
    })
    .catch(() => null);
  return new Set(kubeletEvents?.items.map(({ involvedObject }) => involvedObject.name));
}

/**
 * Checks nodes by their status and by the reports of their agents.
 * @param cgroupV1 names of nodes that are known to be on cgroup v1.
 * @param reports of agents, by the node's name.
 * @param priorityClass of the agents that would be started.
 */
export function checkNodes(
  nodes: Node[],
  cgroupV1: ReadonlySet<string>,
  reports: ReadonlyMap<string, NodeReport>,
  priorityClass: string | null,
): Finding[] {
  const findReport = ({ metadata }: Node) => reports.get(metadata.name) ?? null;
  const checkOwnCgroups = (node: Node) =>
    checkCgroups(node, cgroupV1.has(node.metadata.name), findReport(node));
  return [
    { check: 'node', ...summarize(nodes, checkReadiness) },
    { check: 'node taints', ...summarize(nodes, checkTaints) },
    {
      check: 'node pressure',
      ...summarize(nodes, (node) => checkPressure(node, isCriticalClass(priorityClass))),
    },
    { check: 'container runtime', ...summarize(nodes, checkRuntime) },
    { check: 'kernel', ...summarize(nodes, checkKernel) },
    { check: 'cgroups', ...summarize(nodes, checkOwnCgroups) },
    ...Object.entries(featureChecks).map(([check, checkReport]) => ({
      check,
      ...summarize(nodes, (node) => checkFeature(node, findReport(node), checkReport)),
    })),
  ];
}

/**
 * Checks nodes one by one. The result is the worst of them; of several nodes, some where no agent can run are only a
 * warning, since sessions work on the others.
 */
export function summarize(nodes: Node[], check: (node: Node) => CheckResult): CheckResult {
  const results = nodes.map((node) => ({ name: node.metadata.name, ...check(node) }));
  const [first] = results;
  if (!first) return leaveOpen('there are no nodes');
  if (results.length === 1) return { status: first.status, message: first.message, fix: first.fix };
  const worst = severity[Math.max(...results.map(({ status }) => severity.indexOf(status)))] ?? 'unknown';
  const concerned = results.filter(({ status }) => status === worst);
  const isEverywhere = concerned.length === results.length;
  const groups = [...Map.groupBy(concerned, ({ message }) => message)];
  const told = groups.slice(0, maxNamed).map(([message, group]) => {
    if (group.length === results.length) return `all ${group.length}: ${message}`;
    return group.length > maxNamed
      ? `${group.length} of ${results.length}: ${message}`
      : `${group.map(({ name }) => name).join(', ')}: ${message}`;
  });
  if (groups.length > maxNamed) told.push(`${groups.length - maxNamed} more`);
  return {
    status: worst === 'failed' && !isEverywhere ? 'warning' : worst,
    message: told.join('; '),
    fix: concerned[0]?.fix ?? null,
  };
}
