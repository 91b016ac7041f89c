import { Failure } from '../../failure/failure.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { KubernetesEvent, Node, Pod } from '../api/objects/kubernetes-objects.ts';
import { nodes } from '../api/resources.ts';
import type { TargetName } from '../target/target-name.ts';
import type { Cause } from './cause.ts';
import {
  findContainerCauses,
  findLastEnd,
  listContainers,
  type ReportedContainer,
} from './container-causes.ts';
import { ask, type Known, orElse } from './known.ts';
import { type LogTail, readLogTail } from './log-tail.ts';
import { type NextStep, proposeSteps } from './next-steps.ts';
import { findNodeCauses, findPodCauses } from './pod-causes.ts';
import { listPodEvents } from '../target/pod-events.ts';
import { findRecentChange, type RecentChange } from './recent-change.ts';
import { findSickestPod } from './sickest-pod.ts';

/** Logs of more containers than anyone reads at once. */
const maxLogs = 4;

/** All that the API server knows of why a pod is as it is. */
export interface PodReport {
  pod: Pod;
  /** How many pods the target has, and how many of them are ready. */
  total: number;
  ready: number;
  causes: Cause[];
  containers: ReportedContainer[];
  events: Known<KubernetesEvent[]>;
  logs: LogTail[];
  /** null: the pod has no node yet. */
  node: Known<Node> | null;
  change: Known<RecentChange | null>;
  next: NextStep[];
}

/**
 * Reports why a pod is as it is. What may not be read is told as such, and the rest is told all the same.
 * @param container null: all containers of the pod.
 * @throws Failure `targetInvalid`, `targetNotFound`, `targetNotReady` when there is no pod, `containerNotFound`,
 *   `connection`, `timeout`; ApiError; what aborted the signal.
 */
export async function reportPod(
  api: ApiClient,
  target: Exclude<TargetName, { kind: 'node' }>,
  container: string | null,
  signal: AbortSignal,
): Promise<PodReport> {
  const { pod, total, ready } = await findSickestPod(api, target, signal);
  const containers = selectContainers(pod, container);
  const { nodeName } = pod.spec;
  const [events, node, change] = await Promise.all([
    ask(() => listPodEvents(api, pod, signal), signal),
    nodeName === '' ? null : ask(() => api.get({ ...nodes.get(nodeName), signal }), signal),
    ask(() => findRecentChange(api, pod, signal), signal),
  ]);
  const { causes, unwell } = findCauses(pod, containers, orElse(events, []), node && orElse(node, null));
  const told = unwell.filter(({ status }) => status !== null).slice(0, maxLogs);
  const tails = await Promise.all(
    told.map(async ({ status }) => (status === null ? null : await readLogTail(api, pod, status, signal))),
  );
  const logs = tails.filter((tail) => tail !== null);
  return {
    pod,
    total,
    ready,
    causes,
    containers,
    events,
    logs,
    node,
    change,
    next: proposeSteps(pod, unwell),
  };
}

/** Finds all that is wrong: what concerns the whole pod first, as the rest often follows from it. */
export function findCauses(
  pod: Pod,
  containers: ReportedContainer[],
  events: KubernetesEvent[],
  node: Node | null,
): { causes: Cause[]; unwell: ReportedContainer[] } {
  const found = containers.map((reported) => ({
    reported,
    causes: findContainerCauses(reported, pod, events),
  }));
  const unwell = found
    .filter(({ causes, reported }) => causes.length > 0 || hasFailed(reported))
    .map(({ reported }) => reported);
  const causes = [
    ...findPodCauses(pod, events),
    ...findNodeCauses(node),
    ...found.flatMap((one) => one.causes),
  ];
  return { causes, unwell };
}

function hasFailed({ status }: ReportedContainer): boolean {
  return (findLastEnd(status)?.exitCode ?? 0) !== 0;
}

function selectContainers(pod: Pod, wanted: string | null): ReportedContainer[] {
  const all = listContainers(pod);
  const selected = wanted === null ? all : all.filter(({ container }) => container.name === wanted);
  if (selected.length > 0) return selected;
  throw new Failure(
    'containerNotFound',
    `pod "${pod.metadata.name}" has no container "${wanted}"`,
    `Its containers: ${all.map(({ container }) => container.name).join(', ')}.`,
  );
}
