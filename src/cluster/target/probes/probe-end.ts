import type { ApiClient } from '../../api/api-client.ts';
import { ApiError } from '../../api/api-error.ts';
import type { ContainerStatus, KubernetesEvent, Pod } from '../../api/objects/kubernetes-objects.ts';
import { events } from '../../api/resources.ts';

type Termination = NonNullable<ContainerStatus['state']['terminated']>;

/** More Events than a pod has: the API server keeps one for each message, and the kubelet limits their rate. */
const maxEvents = 500;

/**
 * Asks whether a probe has ended a container's run.
 * @returns a sentence, which also says when that can't be known; null when no probe did.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function describeProbeEnd(
  api: ApiClient,
  { metadata, spec }: Pod,
  { container: name, ended }: { container: string; ended: Termination },
  signal: AbortSignal,
): Promise<string | null> {
  const container = [...spec.containers, ...spec.initContainers].find((one) => one.name === name);
  if (!container?.livenessProbe && !container?.startupProbe) return null;
  try {
    const { items } = await api.get({
      ...events.list(metadata.namespace),
      query: { fieldSelector: `involvedObject.uid=${metadata.uid}`, limit: String(maxEvents) },
      signal,
    });
    return findProbeEnd(items, name, ended);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    return 'whether a probe ended it is not known, as you may not list events';
  }
}

/**
 * Finds among a pod's Events that a probe has ended a container's run.
 * @param ended that run: an earlier one may have ended by a probe, too.
 * @returns a sentence with the words of the probe's failure; null when no probe did.
 */
export function findProbeEnd(items: KubernetesEvent[], name: string, ended: Termination): string | null {
  const since = Date.parse(ended.startedAt ?? '');
  const isOfRun = ({ involvedObject, lastTimestamp }: KubernetesEvent) =>
    involvedObject.fieldPath.endsWith(`{${name}}`) && !(Date.parse(lastTimestamp ?? '') < since);
  const ofRun = items.filter(isOfRun);
  // `Container app failed liveness probe, will be restarted`: pkg/kubelet/kuberuntime/kuberuntime_manager.go
  const kills = ofRun
    .filter(({ reason }) => reason === 'Killing')
    .map(({ message }) => /failed (liveness|startup) probe/.exec(message)?.[1]);
  const kind = kills.find((probe) => probe !== undefined);
  if (kind === undefined) return null;
  const failure = ofRun
    .filter(({ reason, message }) => reason === 'Unhealthy' && message.toLowerCase().startsWith(kind))
    .toSorted((one, other) => (one.lastTimestamp ?? '').localeCompare(other.lastTimestamp ?? ''))
    .at(-1)
    // `Liveness probe failed: Get "http://…": context deadline exceeded …`: prober/prober.go
    ?.message.replace(/^\w+ probe (failed|errored)[^:]*: /, '')
    .trim();
  return `the ${kind} probe ended it${failure === undefined ? '' : ` (${failure})`}`;
}
