import type { Pod } from './kubernetes-objects.ts';

/** Whether the kubelet reports a pod as ready. A pod that is being deleted may still be ready. */
export function isPodReady(pod: Pod): boolean {
  return findReadyCondition(pod)?.status === 'True';
}

/** @returns since when a pod is ready or not ready, in RFC 3339; its creation when the kubelet has not reported either. */
export function findReadySince(pod: Pod): string {
  return findReadyCondition(pod)?.lastTransitionTime ?? pod.metadata.creationTimestamp ?? '';
}

function findReadyCondition({ status }: Pod) {
  return status.conditions.find(({ type }) => type === 'Ready');
}
