import { Failure } from '../../../failure/failure.ts';
import type { ApiClient } from '../../api/api-client.ts';
import type { Pod } from '../../api/objects/kubernetes-objects.ts';
import { watchResource } from '../../api/resource-watch.ts';
import { pods } from '../../api/resources.ts';
import { findRestartPolicy } from '../run-again.ts';
import { chooseContainer, ContainerNotRunningError, findContainerStatus } from '../target-container.ts';

/** Whose next start is waited for. */
export interface NextStart {
  pod: Pod;
  container: string;
  /** Is told what is between now and the start, each time that this changes. */
  onState: (state: string) => void;
  signal: AbortSignal;
}

/**
 * Watches the pod of a container whose next start is waited for, and tells what keeps it.
 * It goes on until whoever waits for the start aborts the signal.
 * @throws Failure `targetNotFound` when the pod is deleted; ContainerNotRunningError when the container won't start
 *   again; `connection`; ApiError; what aborted the signal.
 */
export async function watchNextStart(
  api: ApiClient,
  { pod, container, onState, signal }: NextStart,
): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const query = { fieldSelector: `metadata.name=${name}` };
  const requirePod = async (): Promise<undefined> => {
    checkPod(await api.get({ ...pods.get(namespace, name), signal }), uid);
  };
  await watchResource(
    api,
    { ...pods.watch(namespace), query, signal },
    {
      onEvent: ({ type, object }): undefined => {
        if (type === 'DELETED') throw describeDeletion(name);
        checkPod(object, uid);
        onState(describeNextStart(object, container, Date.now()));
        return undefined;
      },
      onRestart: requirePod,
    },
  );
}

/**
 * Tells what is between now and the next start of a container.
 * @param nowMs the time, of this machine.
 * @throws ContainerNotRunningError when it won't start again, unless somebody changes its pod.
 */
export function describeNextStart(pod: Pod, container: string, nowMs: number): string {
  const status = findContainerStatus(pod, container);
  const where = `container "${container}" of pod "${pod.metadata.name}"`;
  if (status?.state.running) {
    if (findRestartPolicy(pod, container) === 'Never')
      throw new ContainerNotRunningError(
        `${where} runs, and is not started again: its restartPolicy is Never`,
        'Enter it now, without --catch.',
        { mayRunAgain: false, hasEnded: false },
      );
    return `${where} runs; it has to end first`;
  }
  const backOff = /^back-off (\S+) restarting/.exec(status?.state.waiting?.message ?? '')?.[1];
  const finishedAt = status?.lastState.terminated?.finishedAt ?? null;
  if (backOff !== undefined && finishedAt !== null) {
    const leftMs = Date.parse(finishedAt) + parseGoDuration(backOff) - nowMs;
    const left = leftMs > 0 ? `about ${Math.ceil(leftMs / 1000)} s` : 'a moment';
    return `${where} is in CrashLoopBackOff (back-off ${backOff}): it starts in ${left}`;
  }
  try {
    chooseContainer(pod, container);
  } catch (error) {
    if (!(error instanceof ContainerNotRunningError) || !error.mayRunAgain) throw error;
    return error.message;
  }
  return `${where} is about to start`;
}

/**
 * @returns the UID by which the kubelet knows a pod: a static pod's is a hash of its file, and the pod of the API is its
 *   mirror, with a UID of its own.
 */
export function findKubeletUID({ metadata }: Pod): string {
  return metadata.annotations['kubernetes.io/config.hash'] ?? metadata.uid;
}

/** As Go prints a duration: `2m40s`. */
function parseGoDuration(text: string): number {
  const unitMs: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000 };
  const parts = [...text.matchAll(/([\d.]+)([hms])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0);
}

/** A pod that was made again in the same name has another cgroup, which nobody watches. */
function checkPod({ metadata }: Pod, uid: string): void {
  if (metadata.uid !== uid) throw describeDeletion(metadata.name);
  if (metadata.deletionTimestamp !== null)
    throw new Failure(
      'targetNotFound',
      `pod "${metadata.name}" is being deleted: it starts nothing any more`,
    );
}

function describeDeletion(name: string): Failure {
  return new Failure(
    'targetNotFound',
    `pod "${name}" was deleted while its next start was waited for`,
    'A pod that has come in its place is caught by another run of this command.',
  );
}
