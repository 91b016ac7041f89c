import { EventEmitter, on } from 'node:events';
import type { ApiClient } from '../../api/api-client.ts';
import type { Pod } from '../../api/objects/kubernetes-objects.ts';
import { type ResourceEvent, watchResource } from '../../api/resource-watch.ts';
import { pods } from '../../api/resources.ts';
import { describePodQuery, type PodQuery } from '../kinds/pod-query.ts';
import { isEndingPod } from './find-targets.ts';
import { selectContainers } from './selected-containers.ts';
import { identifyTarget, type SelectedTarget, type TargetSelection } from './target-selection.ts';

type Watched = Pick<PodQuery, 'query' | 'isOfTarget'>;

/**
 * Watches the pods of a selection: a container is a target when it runs, and once more when it has restarted.
 * @param onGone called with the name of each pod that is no longer there, or has ended.
 * @returns targets without end, as they come.
 * @throws ApiError; Failure `targetInvalid`, `targetNotFound`, `connection`, `timeout`; what aborted the signal.
 */
export async function* watchTargets(
  api: ApiClient,
  selection: TargetSelection,
  onGone: (name: string) => void,
  signal: AbortSignal,
): AsyncGenerator<SelectedTarget, void> {
  for (const name of selection.names)
    if (name.kind === 'node') yield { target: { kind: 'node', node: name.name }, node: name.name, pod: null };
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  const changes = new EventEmitter();
  // Listened to before the first event.
  const events = on(changes, 'pod', { signal: either }) as AsyncIterable<[ResourceEvent<Pod>]>;
  const watched = await describeQueries(api, selection, signal);
  for (const query of watched)
    watchPods(api, query, selection, (event) => changes.emit('pod', event), either).catch((error: unknown) =>
      changes.emit('error', error),
    );
  const seen = new Set<string>();
  const present = new Set<string>();
  try {
    for await (const [{ type, object: pod }] of events) {
      const { uid, namespace, name } = pod.metadata;
      if (type === 'DELETED' || isEndingPod(pod)) {
        if (present.delete(uid)) onGone(`${namespace}/${name}`);
        continue;
      }
      const { targets } = await selectContainers(api, pod, selection, signal);
      for (const target of targets) {
        const identity = identifyTarget(target);
        if (seen.has(identity)) continue;
        seen.add(identity);
        present.add(uid);
        yield target;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    ended.abort();
  }
}

async function describeQueries(
  api: ApiClient,
  { names, selector }: TargetSelection,
  signal: AbortSignal,
): Promise<Watched[]> {
  if (selector !== null) return [{ query: { labelSelector: selector }, isOfTarget: () => true }];
  const ofPods = names.filter((name) => name.kind !== 'node');
  return await Promise.all(ofPods.map((name) => describePodQuery(api, name, signal)));
}

async function watchPods(
  api: ApiClient,
  { query, isOfTarget }: Watched,
  { allNamespaces }: TargetSelection,
  onEvent: (event: ResourceEvent<Pod>) => void,
  signal: AbortSignal,
): Promise<void> {
  const request = pods.watch(allNamespaces ? null : api.connection.namespace);
  await watchResource(
    api,
    { ...request, query, signal },
    {
      onEvent: (event): undefined => {
        if (isOfTarget(event.object)) onEvent(event);
      },
    },
  );
}
