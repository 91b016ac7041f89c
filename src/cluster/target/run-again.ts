import { hasPodEnded } from '../api/objects/pod-phase.ts';
import type { ContainerStatus, Pod } from '../api/objects/kubernetes-objects.ts';

/**
 * Whether a container that does not run now may run later, without anybody changing its pod.
 * @param status null before the kubelet has reported the container.
 */
export function mayRunAgain(
  { spec, status: pod }: Pod,
  name: string,
  status: ContainerStatus | null,
): boolean {
  if (hasPodEnded(pod)) return false;
  const ended = status?.state.terminated;
  if (!ended) return true;
  const policy = findRestartPolicy({ spec }, name);
  return policy === 'Always' || (policy === 'OnFailure' && ended.exitCode !== 0);
}

/** @returns what the kubelet goes by when a container has ended: Always, OnFailure or Never. */
export function findRestartPolicy({ spec }: Pick<Pod, 'spec'>, name: string): string {
  // https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/: they are never restarted.
  if (spec.ephemeralContainers.some((one) => one.name === name)) return 'Never';
  const init = spec.initContainers.find((one) => one.name === name);
  const own = [...spec.containers, ...spec.initContainers].find((one) => one.name === name)?.restartPolicy;
  // An init container runs until it has succeeded once; as a sidecar, it has a policy of its own.
  return own ?? (init && spec.restartPolicy === 'Always' ? 'OnFailure' : spec.restartPolicy);
}
