import type { ApiClient } from '../api/api-client.ts';
import type { ContainerStatus, Pod } from '../api/objects/kubernetes-objects.ts';
import { pods } from '../api/resources.ts';

/** More than anyone chooses from by hand; the API server need not read the rest. */
const maxPods = 1000;

/** A container that a session could be opened in. */
export interface RunningContainer {
  namespace: string;
  pod: string;
  container: string;
  node: string;
  /** `Running`, `NotReady`, `Init`, `Ephemeral` or `Terminating`. */
  state: string;
  /** null when the kubelet has not reported it. */
  startedAt: Date | null;
}

/**
 * Lists running containers.
 * @param namespace null: all namespaces.
 * @returns the containers, and whether there are more pods than were read.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function listRunningContainers(
  api: ApiClient,
  namespace: string | null,
  signal: AbortSignal,
): Promise<{ containers: RunningContainer[]; isCut: boolean }> {
  const { items, metadata } = await api.get({
    ...pods.list(namespace),
    // Pending pods too: their init containers may run.
    query: { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed', limit: String(maxPods) },
    signal,
  });
  return { containers: items.flatMap(describeContainers), isCut: metadata.continue !== '' };
}

/** Describes the running containers of a pod. */
export function describeContainers({ metadata, spec, status }: Pod): RunningContainer[] {
  const describe = (container: ContainerStatus, state: string): RunningContainer[] => {
    const { running } = container.state;
    if (!running || container.containerID === '') return [];
    return [
      {
        namespace: metadata.namespace,
        pod: metadata.name,
        container: container.name,
        node: spec.nodeName,
        state: metadata.deletionTimestamp === null ? state : 'Terminating',
        startedAt: running.startedAt === null ? null : new Date(running.startedAt),
      },
    ];
  };
  return [
    ...status.containerStatuses.flatMap((entry) => describe(entry, entry.ready ? 'Running' : 'NotReady')),
    ...status.initContainerStatuses.flatMap((entry) => describe(entry, 'Init')),
    ...status.ephemeralContainerStatuses.flatMap((entry) => describe(entry, 'Ephemeral')),
  ];
}
