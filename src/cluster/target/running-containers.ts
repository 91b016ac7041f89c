import type { ApiClient } from '../api/api-client.ts';
import { type ContainerStatus, listOf, type Pod, podSchema } from '../api/kubernetes-objects.ts';

/** More than anyone chooses from; the API server need not read the rest. */
const limit = 1000;

/** A container that a session could be opened in. */
export interface RunningContainer {
  namespace: string;
  pod: string;
  container: string;
  node: string;
  /** In a word or two. */
  state: string;
  startedAt: Date | null;
}

/**
 * Lists the containers that run.
 * @param namespace null: all.
 * @returns whether there are more pods than were looked at, too.
 * @throws ApiError, Failure `connection`, `timeout`.
 */
export async function listRunningContainers(
  api: ApiClient,
  namespace: string | null,
  signal: AbortSignal,
): Promise<{ containers: RunningContainer[]; isCut: boolean }> {
  const { items, metadata } = await api.get({
    path: namespace === null ? 'api/v1/pods' : `api/v1/namespaces/${namespace}/pods`,
    // Pending ones too: their init containers may run.
    query: { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed', limit: String(limit) },
    schema: listOf(podSchema),
    access: { verb: 'list', resource: 'pods', namespace },
    signal,
  });
  return { containers: items.flatMap(describeContainers), isCut: metadata.continue !== '' };
}

/** Describes those containers of a pod that run. */
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
