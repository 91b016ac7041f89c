import type { ApiClient } from '../../api/api-client.ts';
import { ApiError } from '../../api/api-error.ts';
import type { ContainerStatus, KubernetesEvent, Pod } from '../../api/objects/kubernetes-objects.ts';
import { findLastTime, listPodEvents } from '../pod-events.ts';

type Termination = NonNullable<ContainerStatus['state']['terminated']>;

/** Events tell whole seconds. */
const sameMomentMs = 1000;

/**
 * Asks whether a probe has ended a container's run.
 * @returns a sentence, which also says when that can't be known; null when no probe did.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function describeProbeEnd(
  api: ApiClient,
  pod: Pod,
  { container: name, ended }: { container: string; ended: Termination },
  signal: AbortSignal,
): Promise<string | null> {
  const container = [...pod.spec.containers, ...pod.spec.initContainers].find((one) => one.name === name);
  if (!container?.livenessProbe && !container?.startupProbe) return null;
  try {
    return findProbeEnd(pod, await listPodEvents(api, pod, signal), name, ended);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    return 'whether a probe ended it is not known, as you may not list events';
  }
}

/**
 * Finds among a pod's Events that a probe has ended a container's run.
 * @param items the oldest first.
 * @param ended that run: an earlier one may have ended by a probe, too.
 * @returns a sentence with the words of the probe's failure; null when no probe did.
 */
export function findProbeEnd(
  pod: Pod,
  items: KubernetesEvent[],
  name: string,
  ended: Termination,
): string | null {
  const since = Date.parse(ended.startedAt ?? '');
  const isOfRun = (event: KubernetesEvent) =>
    event.involvedObject.fieldPath.endsWith(`{${name}}`) && !(Date.parse(findLastTime(event)) < since);
  const ofRun = items.filter(isOfRun);
  const kind = findNamedKill(ofRun) ?? (isGoing(pod) ? null : findBareKill(ofRun));
  if (kind === null) return null;
  // `Liveness probe failed: Get "http://…": context deadline exceeded …`: prober/prober.go
  const words = findFailure(ofRun, kind)?.message.replace(/^\w+ probe (failed|errored)[^:]*: /, '');
  return `the ${kind} probe ended it${words === undefined ? '' : ` (${words.trim()})`}`;
}

/** `Container app failed liveness probe, will be restarted`: pkg/kubelet/kuberuntime/kuberuntime_manager.go */
function findNamedKill(ofRun: KubernetesEvent[]): string | null {
  const named = ofRun
    .filter(({ reason }) => reason === 'Killing')
    .map(({ message }) => /failed (liveness|startup) probe/.exec(message)?.[1]);
  return named.find((kind) => kind !== undefined) ?? null;
}

/**
 * In a pod that restarts nothing, the kubelet ends the pod as a whole with its last container, and names no probe. It
 * does so at the moment of the last failure.
 */
function findBareKill(ofRun: KubernetesEvent[]): string | null {
  const kill = ofRun.findLast(({ reason }) => reason === 'Killing');
  if (!kill) return null;
  const killed = Date.parse(findLastTime(kill));
  const isThen = (kind: string) => {
    const failure = findFailure(ofRun, kind);
    return failure !== null && Math.abs(killed - Date.parse(findLastTime(failure))) <= sameMomentMs;
  };
  return ['liveness', 'startup'].find(isThen) ?? null;
}

function findFailure(ofRun: KubernetesEvent[], kind: string): KubernetesEvent | null {
  const isFailure = ({ reason, message }: KubernetesEvent) =>
    reason === 'Unhealthy' && message.toLowerCase().startsWith(kind);
  return ofRun.findLast(isFailure) ?? null;
}

/** Whether something else ends the containers: a deletion, an eviction, a deadline. */
function isGoing({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp !== null || status.reason !== '';
}
