import { Failure } from '../../failure/failure.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { isPodReady } from '../api/objects/pod-readiness.ts';
import { pods } from '../api/resources.ts';
import { describePodQuery } from '../target/kinds/pod-query.ts';
import type { TargetName } from '../target/target-name.ts';
import { findTargetPod } from '../target/target-pod.ts';

const maxPods = 500;

/** The pod to report on, and how many its workload has. */
export interface ChosenPod {
  pod: Pod;
  total: number;
  ready: number;
}

/**
 * Finds the pod to report on: the one that is named, or the one of a workload that is the least well.
 * @throws Failure `targetInvalid`, `targetNotFound`, `targetNotReady` when the workload has no pod, `connection`,
 *   `timeout`; ApiError; what aborted the signal.
 */
export async function findSickestPod(
  api: ApiClient,
  target: Exclude<TargetName, { kind: 'node' }>,
  signal: AbortSignal,
): Promise<ChosenPod> {
  if (target.kind === 'pod') {
    const pod = await findTargetPod(api, target, signal);
    return { pod, total: 1, ready: Number(isPodReady(pod)) };
  }
  const { namespace } = api.connection;
  try {
    const { query, isOfTarget } = await describePodQuery(api, target, signal);
    const { items } = await api.get({
      ...pods.list(namespace),
      query: { ...query, limit: String(maxPods) },
      signal,
    });
    const all = items.filter(isOfTarget);
    const [pod] = all.toSorted((one, other) => rate(other) - rate(one));
    if (pod) return { pod, total: all.length, ready: all.filter(isPodReady).length };
  } catch (error) {
    // It says of a workload that is not there, and of its namespace, what is to be said.
    await findTargetPod(api, target, signal);
    throw error;
  }
  throw new Failure(
    'targetNotReady',
    `the target has no pod in the namespace "${namespace}"`,
    `Why none was made: \`kubectl get events -n ${namespace}\`.`,
  );
}

/** How unwell a pod is: what does not come up counts more than what comes up again and again. */
function rate(pod: Pod): number {
  const { phase, containerStatuses, initContainerStatuses } = pod.status;
  if (phase === 'Succeeded') return 0;
  const restarts = [...containerStatuses, ...initContainerStatuses].map(({ restartCount }) => restartCount);
  const isGoing = pod.metadata.deletionTimestamp !== null;
  return (isPodReady(pod) ? 1 : 1000) * (isGoing ? 0.5 : 1) + Math.min(500, Math.max(0, ...restarts));
}
