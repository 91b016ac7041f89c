import { Failure } from '../../../failure/failure.ts';
import type { ApiClient } from '../../api/api-client.ts';
import { isNotFound } from '../../api/api-error.ts';
import type { Pod } from '../../api/objects/kubernetes-objects.ts';
import { pods } from '../../api/resources.ts';
import { describePodQuery } from '../kinds/pod-query.ts';
import type { TargetName } from '../target-name.ts';
import { findTargetPod } from '../target-pod.ts';
import { chooseEndedContainer } from './ended-container.ts';

/**
 * Finds the pod to look into: the one that is named, or of a workload the one whose container has ended last.
 * @param container null: each pod's default.
 * @throws Failure `targetInvalid`, `targetNotFound`, `targetNotReady` when none has ended, `connection`, `timeout`;
 *   ApiError; what aborted the signal.
 */
export async function findEndedPod(
  api: ApiClient,
  target: Exclude<TargetName, { kind: 'node' }>,
  container: string | null,
  signal: AbortSignal,
): Promise<Pod> {
  if (target.kind === 'pod') return await findTargetPod(api, target, signal);
  const { namespace } = api.connection;
  const candidates = (await listPods(api, target, signal)).flatMap((pod) => {
    const finishedAt = findEnd(pod, container);
    return finishedAt === null ? [] : [{ pod, finishedAt }];
  });
  // RFC 3339 in UTC, as the API server writes it: the texts' order is that of the times.
  const [last] = candidates.toSorted((one, other) => (one.finishedAt < other.finishedAt ? 1 : -1));
  if (last) return last.pod;
  throw new Failure(
    'targetNotReady',
    `the target has no pod with a container that has ended in the namespace "${namespace}"`,
    'Without --dead, the session is in a container that runs. -c chooses another container.',
  );
}

async function listPods(
  api: ApiClient,
  target: Exclude<TargetName, { kind: 'node' }>,
  signal: AbortSignal,
): Promise<Pod[]> {
  try {
    const { query, isOfTarget } = await describePodQuery(api, target, signal);
    const { items } = await api.get({ ...pods.list(api.connection.namespace), query, signal });
    return items.filter(isOfTarget);
  } catch (error) {
    // It says of a workload that is not there, and of its namespace, what is to be said.
    if (isNotFound(error)) await findTargetPod(api, target, signal);
    throw error;
  }
}

/** @returns null for a pod whose container has not ended. */
function findEnd(pod: Pod, container: string | null): string | null {
  try {
    return chooseEndedContainer(pod, container).finishedAt;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}
