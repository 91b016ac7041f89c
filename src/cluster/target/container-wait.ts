import { Failure } from '../../failure/failure.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { watchResource } from '../api/resource-watch.ts';
import { pods } from '../api/resources.ts';
import { chooseContainer, ContainerNotRunningError } from './target-container.ts';
import type { TargetName } from './target-name.ts';
import { findTargetPod } from './target-pod.ts';
import { describePodQuery } from './kinds/pod-query.ts';

/** What is waited for. */
export interface ContainerWait {
  target: Exclude<TargetName, { kind: 'node' }>;
  /** null: each pod's default. */
  container: string | null;
  /** The run that has ended, which the API server may still report; null: any run will do. */
  ended: { containerID: string; pod: Pod } | null;
  /** Is told what keeps a container from running, each time that this changes, with its pod. */
  onState: (state: string, pod: Pod) => void;
  signal: AbortSignal;
}

/**
 * Waits until a container of the target runs, by a watch of its pods. The only limit is the signal.
 * @returns the pod, as the watch has brought it.
 * @throws Failure `targetNotReady` for a container that won't run again, `containerNotFound`, `targetNotFound`,
 *   `connection`; ApiError; what aborted the signal.
 */
export async function waitForContainer(api: ApiClient, wait: ContainerWait): Promise<Pod> {
  const { target, signal } = wait;
  const { query, isOfTarget, isOnePod } = await describePodQuery(api, target, signal);
  const { namespace } = api.connection;
  let last = wait.ended?.pod ?? null;
  const requirePod = async (): Promise<undefined> => {
    if (!isOnePod || (last !== null && isMadeAgain(last))) return;
    await findTargetPod(api, target, signal);
  };
  // A watch of a pod that is not there brings nothing.
  await requirePod();
  return await watchResource(
    api,
    { ...pods.watch(namespace), query, signal },
    {
      onEvent: ({ type, object }) => {
        if (!isOfTarget(object)) return undefined;
        if (isOnePod) last = object;
        if (type === 'DELETED') {
          if (isOnePod && !isMadeAgain(object)) throw describeDeletion(object);
          return undefined;
        }
        return readPod(object, wait, isOnePod);
      },
      onRestart: requirePod,
    },
  );
}

/** @returns the pod if it can be entered; undefined when the wait goes on. */
function readPod(pod: Pod, { container, ended, onState }: ContainerWait, isOnePod: boolean): Pod | undefined {
  const { name } = pod.metadata;
  if (pod.metadata.deletionTimestamp !== null) {
    if (isOnePod) onState(`pod "${name}" is being deleted`, pod);
    return undefined;
  }
  try {
    const chosen = chooseContainer(pod, container);
    if (chosen.containerID !== ended?.containerID) return pod;
    onState(`container "${chosen.name}" of pod "${name}" has ended`, pod);
  } catch (error) {
    if (!(error instanceof ContainerNotRunningError) || (!error.mayRunAgain && isOnePod)) throw error;
    // Of a workload, another pod may come.
    if (error.mayRunAgain) onState(error.message, pod);
  }
  return undefined;
}

/** Whether the controller of a pod makes another one of its name when it is gone. */
function isMadeAgain({ metadata }: Pod): boolean {
  return metadata.ownerReferences.some(({ kind }) => kind === 'StatefulSet');
}

function describeDeletion({ metadata }: Pod): Failure {
  return new Failure(
    'targetNotFound',
    `pod "${metadata.name}" was deleted`,
    'A workload can be waited for, too: KIND/NAME.',
  );
}
