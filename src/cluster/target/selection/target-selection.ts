import type { Pod } from '../../api/objects/kubernetes-objects.ts';
import type { SessionTarget } from '../../../session-api/session-spec.ts';
import type { TargetName } from '../target-name.ts';

/** What a command line says of its targets. */
export interface TargetSelection {
  /** The words TARGET; none with a selector. */
  names: TargetName[];
  /** A selector of labels (`-l`), as kubectl takes it; null: the words alone count. */
  selector: string | null;
  /** Whether a workload stands for all of its pods, and not for one of them. */
  all: boolean;
  /** Whether the selector is for all namespaces. */
  allNamespaces: boolean;
  /** null: the pod's default. */
  container: string | null;
  /** Whether each running container of a pod is a target. */
  allContainers: boolean;
}

/** A target that can be entered. */
export interface SelectedTarget {
  target: SessionTarget;
  node: string;
  /** null: the node itself is the target. */
  pod: Pod | null;
}

/** A target that was selected, and can't be entered. */
export interface RefusedTarget {
  /** What the user knows it by: `NAMESPACE/POD`, with its container if that is known, or the word TARGET. */
  name: string;
  error: Error;
}

/** What a selection has found. */
export interface SelectedTargets {
  /** By namespace, pod and container; none of them twice. */
  targets: SelectedTarget[];
  refused: RefusedTarget[];
  /** How many of the selected pods have ended, or are about to end: they are left out. */
  endedPods: number;
}

/** @throws the first refusal, when there is no target that can be entered. */
export function requireTargets(found: SelectedTargets): SelectedTargets {
  const [first] = found.refused;
  if (found.targets.length === 0 && first !== undefined) throw first.error;
  return found;
}

/** @returns targets by their nodes: the sessions of one node share one agent. */
export function groupByNode<Target extends { node: string }>(targets: Target[]): Map<string, Target[]> {
  return Map.groupBy(targets, ({ node }) => node);
}

/** @returns what a target is told apart by from all others; another one after its container has restarted. */
export function identifyTarget({ target }: SelectedTarget): string {
  return target.kind === 'node' ? `node/${target.node}` : `${target.podUID}/${target.containerID}`;
}

/** @returns what messages and lines call a target: POD/CONTAINER, with its namespace where there may be several; or node/NAME. */
export function labelTarget({ target }: Pick<SelectedTarget, 'target'>, withNamespace: boolean): string {
  if (target.kind === 'node') return `node/${target.node}`;
  const name = `${target.pod}/${target.container}`;
  return withNamespace ? `${target.namespace}/${name}` : name;
}
