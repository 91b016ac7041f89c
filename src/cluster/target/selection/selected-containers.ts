import { Failure } from '../../../failure/failure.ts';
import type { ApiClient } from '../../api/api-client.ts';
import type { Pod } from '../../api/objects/kubernetes-objects.ts';
import { refuseUnreachablePod } from '../node-checks.ts';
import { describeContainers } from '../running-containers.ts';
import { chooseContainer, chooseContainerName } from '../target-container.ts';
import type { SelectedTarget, SelectedTargets, TargetSelection } from './target-selection.ts';

/**
 * Finds the containers of a pod that a selection means: one, or with `allContainers` all of the pod's own, and those of its
 * init and ephemeral containers that run.
 * @returns the containers that can be entered, and those that can't, with the reason.
 * @throws Failure `connection`, `timeout`; ApiError; what aborted the signal.
 */
export async function selectContainers(
  api: ApiClient,
  pod: Pod,
  { container, allContainers }: Pick<TargetSelection, 'container' | 'allContainers'>,
  signal: AbortSignal,
): Promise<Pick<SelectedTargets, 'targets' | 'refused'>> {
  const { namespace, name } = pod.metadata;
  const where = `${namespace}/${name}`;
  try {
    await refuseUnreachablePod(api, pod, signal);
    const names = allContainers ? listContainers(pod) : [chooseContainerName(pod, container).name];
    const each = names.map((one) => selectContainer(pod, one));
    return {
      targets: each.filter((one) => 'target' in one),
      refused: each.filter((one) => 'error' in one),
    };
  } catch (error) {
    if (!isOfPod(error)) throw error;
    return { targets: [], refused: [{ name: where, error }] };
  }
}

function selectContainer(pod: Pod, name: string): SelectedTarget | { name: string; error: Failure } {
  const { metadata, spec } = pod;
  try {
    const { containerID } = chooseContainer(pod, name);
    const target = {
      kind: 'container' as const,
      ...{ namespace: metadata.namespace, pod: metadata.name, podUID: metadata.uid },
      ...{ container: name, containerID, hasEnded: false },
    };
    return { target, node: spec.nodeName, pod };
  } catch (error) {
    if (!isOfPod(error)) throw error;
    return { name: `${metadata.namespace}/${metadata.name}/${name}`, error };
  }
}

/** Of init and ephemeral containers, most have ended as they should. */
function listContainers(pod: Pod): string[] {
  const own = pod.spec.containers.map(({ name }) => name);
  const running = describeContainers(pod).map(({ container }) => container);
  return [...new Set([...own, ...running])];
}

function isOfPod(error: unknown): error is Failure {
  return (
    error instanceof Failure && ['nodeRefused', 'containerNotFound', 'targetNotReady'].includes(error.code)
  );
}
