import type { ApiClient } from '../api/api-client.ts';
import { isNotFound } from '../api/api-error.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { pods } from '../api/resources.ts';

/**
 * Reads why a pod, or one of its containers, no longer runs.
 * @param describeEnd of what has ended in the pod; null when nothing has.
 * @returns what `describeEnd` returns, else that the pod is being deleted or was deleted; null while the pod is there.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function describePodEnd(
  api: ApiClient,
  { namespace, pod: name }: { namespace: string; pod: string },
  describeEnd: (pod: Pod) => string | null | Promise<string | null>,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const pod = await api.get({ ...pods.get(namespace, name), signal });
    const isBeingDeleted = pod.metadata.deletionTimestamp !== null;
    return (await describeEnd(pod)) ?? (isBeingDeleted ? `pod "${name}" is being deleted` : null);
  } catch (error) {
    if (isNotFound(error)) return `pod "${name}" was deleted`;
    throw error;
  }
}
