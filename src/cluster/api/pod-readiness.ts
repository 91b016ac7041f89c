import type { Pod } from './kubernetes-objects.ts';

/** Whether the kubelet says that a pod is ready; one that is being deleted may still be. */
export function isPodReady(pod: Pod): boolean {
  return findReadyCondition(pod)?.status === 'True';
}

/** @returns since when a pod is as ready as it is; of one that was never judged, when it was made. */
export function findReadySince(pod: Pod): string {
  return findReadyCondition(pod)?.lastTransitionTime ?? pod.metadata.creationTimestamp ?? '';
}

function findReadyCondition({ status }: Pod) {
  return status.conditions.find(({ type }) => type === 'Ready');
}
