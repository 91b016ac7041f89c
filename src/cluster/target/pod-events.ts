import type { ApiClient } from '../api/api-client.ts';
import type { KubernetesEvent, Pod } from '../api/objects/kubernetes-objects.ts';
import { events } from '../api/resources.ts';

/** More than a pod has: the API server keeps one for each message, for an hour. */
const maxEvents = 500;

/**
 * Lists the Events of a pod, the oldest first.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function listPodEvents(
  api: ApiClient,
  { metadata }: Pod,
  signal: AbortSignal,
): Promise<KubernetesEvent[]> {
  const { items } = await api.get({
    ...events.list(metadata.namespace),
    query: { fieldSelector: `involvedObject.uid=${metadata.uid}`, limit: String(maxEvents) },
    signal,
  });
  return items.toSorted((one, other) => findLastTime(one).localeCompare(findLastTime(other)));
}

/** @returns when an Event came last, in RFC 3339; empty when it does not tell. */
export function findLastTime({ lastTimestamp, eventTime, series }: KubernetesEvent): string {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? '';
}

/** @returns how often an Event came. */
export function countEvent({ count, series }: KubernetesEvent): number {
  return series?.count ?? count ?? 1;
}

/** @returns the last of the Events with one of the reasons; null when there is none. @param container null: those of the pod itself. */
export function findLastEvent(
  all: KubernetesEvent[],
  reasons: string[],
  container: string | null,
): KubernetesEvent | null {
  const isAbout = ({ involvedObject: { fieldPath } }: KubernetesEvent) =>
    container === null ? fieldPath === '' : fieldPath.endsWith(`{${container}}`);
  return all.findLast((event) => reasons.includes(event.reason) && isAbout(event)) ?? null;
}
