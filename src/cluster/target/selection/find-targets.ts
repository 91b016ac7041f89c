import { hasPodEnded } from '../../api/objects/pod-phase.ts';
import { Failure, type FailureCode } from '../../../failure/failure.ts';
import type { ApiClient } from '../../api/api-client.ts';
import type { Pod } from '../../api/objects/kubernetes-objects.ts';
import { pods } from '../../api/resources.ts';
import { describePodQuery } from '../kinds/pod-query.ts';
import type { TargetName } from '../target-name.ts';
import { findTargetPod } from '../target-pod.ts';
import { describeNoMatch } from './no-match.ts';
import { selectContainers } from './selected-containers.ts';
import {
  identifyTarget,
  type RefusedTarget,
  type SelectedTarget,
  type SelectedTargets,
  type TargetSelection,
} from './target-selection.ts';

/** What is wrong with one of several targets: the others are entered. */
const codesOfOne: readonly FailureCode[] = [
  'targetNotFound',
  'targetNotReady',
  'containerNotFound',
  'nodeRefused',
];

/**
 * Finds all targets that a command line selects.
 * @returns at least one target, or one that is refused.
 * @throws Failure `targetNotFound` when a selector matches no pod: it says what was searched, and where pods would match;
 *   Failure `targetInvalid`, `connection`, `timeout`; ApiError; what aborted the signal.
 */
export async function findTargets(
  api: ApiClient,
  selection: TargetSelection,
  signal: AbortSignal,
): Promise<SelectedTargets> {
  const found = await Promise.all([
    ...selection.names.map((name) => findNamed(api, name, selection, signal)),
    ...(selection.selector === null ? [] : [findLabelled(api, selection, selection.selector, signal)]),
  ]);
  const byIdentity = new Map(
    found.flatMap(({ targets }) => targets).map((one) => [identifyTarget(one), one]),
  );
  return {
    targets: [...byIdentity.values()].toSorted((one, other) => compareText(sortKey(one), sortKey(other))),
    refused: found.flatMap(({ refused }) => refused),
    endedPods: found.reduce((sum, { endedPods }) => sum + endedPods, 0),
  };
}

/** Whether a pod has ended, or is about to: a selection leaves such a pod out. */
export function isEndingPod({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp !== null || hasPodEnded(status);
}

async function findNamed(
  api: ApiClient,
  name: TargetName,
  selection: TargetSelection,
  signal: AbortSignal,
): Promise<SelectedTargets> {
  if (name.kind === 'node') {
    const target: SelectedTarget = {
      target: { kind: 'node', node: name.name },
      node: name.name,
      pod: null,
    };
    return { targets: [target], refused: [], endedPods: 0 };
  }
  try {
    const isAll = selection.all && name.kind !== 'pod';
    if (!isAll) return await selectPods(api, [await findTargetPod(api, name, signal)], selection, signal);
    return await selectActive(api, await listPods(api, name, signal), selection, signal);
  } catch (error) {
    if (!(error instanceof Failure) || !codesOfOne.includes(error.code)) throw error;
    return { targets: [], refused: [{ name: name.name, error }], endedPods: 0 };
  }
}

/** @throws Failure `targetNotFound` (the workload), `targetNotReady` (it has no pod), and as {@link findTargets}. */
async function listPods(
  api: ApiClient,
  target: Exclude<TargetName, { kind: 'node' }>,
  signal: AbortSignal,
): Promise<Pod[]> {
  // Also for its errors: it tells a missing workload from one without pods.
  const one = await findTargetPod(api, target, signal);
  const { query, isOfTarget } = await describePodQuery(api, target, signal);
  const { items } = await api.get({ ...pods.list(one.metadata.namespace), query, signal });
  return items.filter(isOfTarget);
}

async function findLabelled(
  api: ApiClient,
  selection: TargetSelection,
  selector: string,
  signal: AbortSignal,
): Promise<SelectedTargets> {
  const namespace = selection.allNamespaces ? null : api.connection.namespace;
  const query = { labelSelector: selector };
  const { items } = await api.get({ ...pods.list(namespace), query, signal });
  const found = await selectActive(api, items, selection, signal);
  if (found.targets.length + found.refused.length > 0) return found;
  throw await describeNoMatch(api, { selector, namespace, endedPods: found.endedPods }, signal);
}

async function selectActive(
  api: ApiClient,
  items: Pod[],
  selection: TargetSelection,
  signal: AbortSignal,
): Promise<SelectedTargets> {
  const active = items.filter((pod) => !isEndingPod(pod));
  const found = await selectPods(api, active, selection, signal);
  return { ...found, endedPods: items.length - active.length };
}

async function selectPods(
  api: ApiClient,
  items: Pod[],
  selection: TargetSelection,
  signal: AbortSignal,
): Promise<SelectedTargets> {
  const each = await Promise.all(items.map((pod) => selectContainers(api, pod, selection, signal)));
  return {
    targets: each.flatMap(({ targets }) => targets),
    refused: each.flatMap(({ refused }): RefusedTarget[] => refused),
    endedPods: 0,
  };
}

function sortKey({ target }: SelectedTarget): string {
  if (target.kind === 'node') return target.node;
  return `${target.namespace}/${target.pod}/${target.container}`;
}

function compareText(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
