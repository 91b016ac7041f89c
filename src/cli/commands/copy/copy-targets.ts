import type { ApiClient } from '../../../cluster/api/api-client.ts';
import { chooseEndedContainer } from '../../../cluster/target/ended/ended-container.ts';
import { findEndedPod } from '../../../cluster/target/ended/ended-pod.ts';
import { refuseUnreachablePod } from '../../../cluster/target/node-checks.ts';
import { findTargets } from '../../../cluster/target/selection/find-targets.ts';
import {
  requireTargets,
  type SelectedTarget,
  type SelectedTargets,
} from '../../../cluster/target/selection/target-selection.ts';
import type { TargetName } from '../../../cluster/target/target-name.ts';
import { UsageError } from '../../errors.ts';
import type { CopyRequest } from './copy-options.ts';

/**
 * Finds the targets of a copy.
 * @returns at least one.
 * @throws what is wrong with the only target; Failure, as {@link findTargets}; UsageError; ApiError; the signal's reason.
 */
export async function findCopyTargets(
  api: ApiClient,
  target: TargetName | null,
  { many, allNamespaces, container, dead }: CopyRequest,
  signal: AbortSignal,
): Promise<SelectedTargets> {
  if (dead && target !== null) {
    const targets = [await findEnded(api, target, container, signal)];
    return { targets, refused: [], endedPods: 0 };
  }
  const names = target === null ? [] : [target];
  return requireTargets(await findTargets(api, { names, ...many, allNamespaces, container }, signal));
}

async function findEnded(
  api: ApiClient,
  name: TargetName,
  container: string | null,
  signal: AbortSignal,
): Promise<SelectedTarget> {
  if (name.kind === 'node') throw new UsageError('--dead is for a container, and not for a node');
  const pod = await findEndedPod(api, name, container, signal);
  const chosen = chooseEndedContainer(pod, container);
  await refuseUnreachablePod(api, pod, signal);
  const { namespace, name: podName, uid } = pod.metadata;
  const target = {
    ...{ kind: 'container' as const, namespace, pod: podName, podUID: uid, container: chosen.name },
    ...{ containerID: chosen.containerID, hasEnded: true },
  };
  return { target, node: pod.spec.nodeName, pod };
}
