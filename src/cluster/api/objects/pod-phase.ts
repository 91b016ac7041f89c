/**
 * Whether no container of a pod runs any more, or will.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase
 */
export function hasPodEnded({ phase }: { phase: string }): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
