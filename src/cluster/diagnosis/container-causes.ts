import type { ContainerStatus, KubernetesEvent, Pod } from '../api/objects/kubernetes-objects.ts';
import { findProbeEnd } from '../target/probes/probe-end.ts';
import { describeTermination } from '../target/target-container.ts';
import type { Cause } from './cause.ts';
import { findLastEvent } from '../target/pod-events.ts';

type Termination = NonNullable<ContainerStatus['state']['terminated']>;
type Container = Pod['spec']['containers'][number];

/** By Linux' numbers of signals: a shell's, and the runtime's, exit code of a program that a signal has ended. */
const signalWords: Record<number, string> = {
  132: 'SIGILL: an instruction that this processor does not have',
  134: 'SIGABRT: the program has aborted itself',
  135: 'SIGBUS: a file or memory that is not there',
  137: 'SIGKILL',
  139: 'SIGSEGV: it has used memory that is not its own',
  143: 'SIGTERM: it was asked to end',
};
const exitWords: Record<number, string> = {
  126: 'its command could not be executed',
  127: 'its command was not found',
};

/** A container of a pod, with what the kubelet has reported of it. */
export interface ReportedContainer {
  kind: 'container' | 'init' | 'ephemeral';
  container: Container;
  /** null: the kubelet has not reported it. */
  status: ContainerStatus | null;
}

/** Lists the containers of a pod, in the order in which they start. */
export function listContainers({ spec, status }: Pod): ReportedContainer[] {
  const pair = (kind: ReportedContainer['kind'], containers: Container[], statuses: ContainerStatus[]) =>
    containers.map((container) => ({
      kind,
      container,
      status: statuses.find(({ name }) => name === container.name) ?? null,
    }));
  return [
    ...pair('init', spec.initContainers, status.initContainerStatuses),
    ...pair('container', spec.containers, status.containerStatuses),
    ...pair('ephemeral', spec.ephemeralContainers, status.ephemeralContainerStatuses),
  ];
}

/** @returns the run of a container that has ended last; null when none has. */
export function findLastEnd(status: ContainerStatus | null): Termination | null {
  return status?.state.terminated ?? status?.lastState.terminated ?? null;
}

/** Finds what is wrong with a container. @param all the Events of its pod. */
export function findContainerCauses(reported: ReportedContainer, pod: Pod, all: KubernetesEvent[]): Cause[] {
  const { container, status, kind } = reported;
  const about = `container "${container.name}"`;
  const causes = [
    status === null ? null : describeWait(status, all),
    describeEnds(reported, pod, all),
    status?.state.running ? describeRun(reported, all) : null,
  ];
  if (kind === 'ephemeral') return [];
  return causes.filter((text) => text !== null).map((text) => ({ about, text }));
}

function describeWait({ name, state }: ContainerStatus, all: KubernetesEvent[]): string | null {
  const { waiting } = state;
  // These follow from something else, which is told by itself.
  if (!waiting || ['', 'ContainerCreating', 'PodInitializing', 'CrashLoopBackOff'].includes(waiting.reason))
    return null;
  const { reason, message } = waiting;
  const isPull = /^(ErrImagePull|ImagePullBackOff)$/.test(reason);
  // The kubelet keeps the registry's words for its Event when it waits for the next try.
  const pull = isPull ? (findLastEvent(all.filter(isPullFailure), ['Failed'], name)?.message ?? '') : '';
  const words = pull !== '' && !/pull.*: .*: /.test(message) ? pull : message;
  return `is waiting: ${reason}${words === '' ? '' : `: ${words}`}`;
}

function isPullFailure({ message }: KubernetesEvent): boolean {
  return message.startsWith('Failed to pull image');
}

function describeEnds(
  { container, status, kind }: ReportedContainer,
  pod: Pod,
  all: KubernetesEvent[],
): string | null {
  const ended = findLastEnd(status);
  if (!status || !ended) return null;
  const hasSucceeded = ended.exitCode === 0 && status.state.terminated !== undefined;
  const isMeantToEnd = kind === 'init' || pod.spec.restartPolicy !== 'Always';
  if (hasSucceeded && isMeantToEnd) return null;
  const { restartCount, state } = status;
  const isLooping = state.waiting?.reason === 'CrashLoopBackOff' || (state.terminated && restartCount > 0);
  const how = explainEnd(ended, container, pod, all);
  const times = `${restartCount} restart${restartCount === 1 ? '' : 's'}`;
  if (isLooping) return `crashes again and again (CrashLoopBackOff, ${times}), last with ${how}`;
  if (status.state.terminated) return `has ${ended.exitCode === 0 ? 'ended' : 'failed'} with ${how}`;
  return `runs again after ${times}; the run before ended with ${how}`;
}

/** @returns how a run has ended, and by whom. */
function explainEnd(
  ended: Termination,
  { name, resources }: Container,
  pod: Pod,
  all: KubernetesEvent[],
): string {
  const end = describeTermination(ended);
  if (ended.reason === 'OOMKilled') {
    const limit = resources.limits['memory'];
    return limit === undefined
      ? `${end}: the node ran out of memory, as the container has no limit of its own`
      : `${end}: it needed more memory than its limit of ${limit}`;
  }
  const probe = findProbeEnd(pod, all, name, ended);
  if (probe !== null) return `${end}: ${probe}`;
  const words = exitWords[ended.exitCode] ?? signalWords[ended.exitCode];
  return words === undefined ? end : `${end}: ${words}`;
}

function describeRun({ container, status, kind }: ReportedContainer, all: KubernetesEvent[]): string | null {
  const { name, restartPolicy, startupProbe } = container;
  if (!status || status.ready) return null;
  if (kind === 'init' && restartPolicy !== 'Always') {
    const since = status.state.running?.startedAt;
    return `is an init container that still runs${since ? `, since ${since}` : ''}: the others wait until it succeeds`;
  }
  const failure = findLastEvent(all, ['Unhealthy', 'ProbeWarning'], name)?.message.trim();
  const probe =
    startupProbe && status.started === false ? 'its startup probe has not succeeded' : 'it is not ready';
  return `runs, but ${probe}${failure === undefined ? '' : `: ${failure}`}`;
}
