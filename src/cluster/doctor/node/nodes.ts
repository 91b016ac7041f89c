import type { NodeReport } from '../../../session-api/node-report.ts';
import type { ApiClient } from '../../api/api-client.ts';
import type { Node } from '../../api/kubernetes-objects.ts';
import { events, nodes } from '../../api/resources.ts';
import type { Finding, FindingState, Verdict } from '../finding.ts';
import { featureJudges, judgeFeature } from './node-features.ts';
import { judgeCgroups, judgeKernel, judgeRuntime } from './node-software.ts';
import { judgePressure, judgeReadiness, judgeTaints } from './node-state.ts';

const maxNodes = 500;
/** More are counted and not told one by one. */
const maxTold = 3;
const severity: FindingState[] = ['ok', 'unknown', 'warning', 'failed'];

/** @param name of the only node that matters; null: all. @throws ApiError, Failure. */
export async function readNodes(api: ApiClient, name: string | null, signal: AbortSignal): Promise<Node[]> {
  if (name !== null) return [await api.get({ ...nodes.get(name), signal })];
  const { items } = await api.get({ ...nodes.list(), query: { limit: String(maxNodes) }, signal });
  return items;
}

/** @returns the names of nodes whose kubelets said that they are on cgroup v1; none if that can't be read. */
export async function findCgroupV1Nodes(api: ApiClient, signal: AbortSignal): Promise<Set<string>> {
  // Events of nodes, which are in no namespace, are kept in "default".
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
 * Checks what nodes' status says of them, and what agents say.
 * @param reports of agents, by the names of their nodes.
 */
export function checkNodes(
  nodes: Node[],
  cgroupV1: ReadonlySet<string>,
  reports: ReadonlyMap<string, NodeReport>,
): Finding[] {
  const findReport = ({ metadata }: Node) => reports.get(metadata.name) ?? null;
  const judgeOwnCgroups = (node: Node) =>
    judgeCgroups(node, cgroupV1.has(node.metadata.name), findReport(node));
  return [
    { check: 'node', ...summarize(nodes, judgeReadiness) },
    { check: 'node taints', ...summarize(nodes, judgeTaints) },
    { check: 'node pressure', ...summarize(nodes, judgePressure) },
    { check: 'container runtime', ...summarize(nodes, judgeRuntime) },
    { check: 'kernel', ...summarize(nodes, judgeKernel) },
    { check: 'cgroups', ...summarize(nodes, judgeOwnCgroups) },
    ...Object.entries(featureJudges).map(([check, judge]) => ({
      check,
      ...summarize(nodes, (node) => judgeFeature(node, findReport(node), judge)),
    })),
  ];
}

/**
 * Judges nodes one by one, and all of them by the worst. Of several, one where no agent can run keeps nobody from
 * the others: that is a warning.
 */
export function summarize(nodes: Node[], judge: (node: Node) => Verdict): Verdict {
  const verdicts = nodes.map((node) => ({ name: node.metadata.name, ...judge(node) }));
  const [first] = verdicts;
  if (!first) return { state: 'unknown', found: 'there are no nodes', mend: null };
  if (verdicts.length === 1) return { state: first.state, found: first.found, mend: first.mend };
  const worst = severity[Math.max(...verdicts.map(({ state }) => severity.indexOf(state)))] ?? 'unknown';
  const concerned = verdicts.filter(({ state }) => state === worst);
  const isEverywhere = concerned.length === verdicts.length;
  const groups = [...Map.groupBy(concerned, ({ found }) => found)];
  const told = groups.slice(0, maxTold).map(([found, group]) => {
    if (group.length === verdicts.length) return `all ${group.length}: ${found}`;
    return group.length > maxTold
      ? `${group.length} of ${verdicts.length}: ${found}`
      : `${group.map(({ name }) => name).join(', ')}: ${found}`;
  });
  if (groups.length > maxTold) told.push(`${groups.length - maxTold} more`);
  return {
    state: worst === 'failed' && !isEverywhere ? 'warning' : worst,
    found: told.join('; '),
    mend: concerned[0]?.mend ?? null,
  };
}
