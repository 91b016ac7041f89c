/** The PriorityClass by which a kubelet takes a pod as critical. Each cluster has it. */
export const criticalPriority = 'system-node-critical';

/** Priorities that make a pod critical: https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/scheduling/types.go */
export const leastCriticalPriority = 2_000_000_000;

/** Whether pods of a PriorityClass are critical: no class that users can make is. */
export function isCriticalClass(name: string | null): boolean {
  return name === criticalPriority || name === 'system-cluster-critical';
}
