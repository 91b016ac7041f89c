import { hasPodEnded } from '../api/objects/pod-phase.ts';
import { Failure } from '../../failure/failure.ts';
import type { ContainerStatus, Pod } from '../api/objects/kubernetes-objects.ts';
import { mayRunAgain } from './run-again.ts';

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

export interface ChosenContainer {
  name: string;
  /** With the runtime's scheme: `containerd://…`. */
  containerID: string;
  /** Tells the user which container was chosen; null when there was no choice, or the user made it. */
  notice: string | null;
}

/** A container that was chosen does not run. */
export class ContainerNotRunningError extends Failure {
  override name = 'ContainerNotRunningError';
  /** Whether it may run later, without anybody changing its pod. */
  readonly mayRunAgain: boolean;
  /** Whether it has run before: something may be left of that. */
  readonly hasEnded: boolean;

  constructor(message: string, hint: string, facts: { mayRunAgain: boolean; hasEnded: boolean }) {
    super('targetNotReady', message, hint);
    this.mayRunAgain = facts.mayRunAgain;
    this.hasEnded = facts.hasEnded;
  }
}

export type Termination = NonNullable<ContainerStatus['state']['terminated']>;

/**
 * Chooses a running container of a pod, as kubectl does.
 * @param wanted name that the user gave; null: the pod's default.
 * @throws Failure `containerNotFound`; ContainerNotRunningError.
 */
export function chooseContainer(pod: Pod, wanted: string | null): ChosenContainer {
  const { name, notice } = chooseContainerName(pod, wanted);
  return { name, containerID: requireRunning(pod, name), notice };
}

/**
 * Chooses a container of a pod, as kubectl does, whether or not it runs.
 * @param wanted name that the user gave; null: the pod's default.
 * @throws Failure `containerNotFound`.
 */
export function chooseContainerName(
  { spec, metadata }: Pod,
  wanted: string | null,
): Pick<ChosenContainer, 'name' | 'notice'> {
  const all = [
    ...spec.containers.map(({ name }) => ({ name, label: name })),
    ...spec.initContainers.map(({ name }) => ({ name, label: `${name} (init)` })),
    ...spec.ephemeralContainers.map(({ name }) => ({ name, label: `${name} (ephem)` })),
  ];
  const annotated = metadata.annotations[defaultContainerAnnotation];
  const isAnnotated = all.some(({ name }) => name === annotated);
  const name = wanted ?? (isAnnotated ? annotated : spec.containers[0]?.name);
  const list = all.map(({ label }) => label).join(', ');
  if (name === undefined || !all.some((entry) => entry.name === name)) {
    throw new Failure(
      'containerNotFound',
      `pod "${metadata.name}" has no container "${name ?? ''}"`,
      `Its containers: ${list}.`,
    );
  }
  const hadChoice = wanted === null && !isAnnotated && all.length > 1;
  return {
    name,
    notice: hadChoice ? `Defaulted container "${name}" out of: ${list}` : null,
  };
}

/** @returns the status of a container, an init or an ephemeral one too; null before the kubelet has reported it. */
export function findContainerStatus(pod: Pod, name: string): ContainerStatus | null {
  return listStatuses(pod).find((entry) => entry.name === name) ?? null;
}

/** @returns how a container ended, in the words of the API: "exit code 137 (OOMKilled)". */
export function describeTermination({ exitCode, reason, message }: Termination): string {
  const detail = [reason, message.trim()].filter((part) => part !== '').join(': ');
  return `exit code ${exitCode}${detail === '' ? '' : ` (${detail})`}`;
}

/** @returns how a container's last run ended; null for one that runs, or has not run yet. */
export function findEndedRun({ state, lastState }: ContainerStatus): Termination | null {
  if (state.running) return null;
  const ended = state.terminated ?? lastState.terminated;
  return ended === undefined || ended.containerID === '' ? null : ended;
}

/** Lists the statuses of all containers of a pod, init and ephemeral ones too. */
export function listStatuses({ status }: Pod): ContainerStatus[] {
  return [...status.containerStatuses, ...status.initContainerStatuses, ...status.ephemeralContainerStatuses];
}

function requireRunning(pod: Pod, name: string): string {
  const status = findContainerStatus(pod, name);
  if (status?.state.running && status.containerID !== '') return status.containerID;
  const canRunAgain = mayRunAgain(pod, name, status);
  const hasEnded = status !== null && findEndedRun(status) !== null;
  const hints = [
    adviseOther(pod, name),
    canRunAgain ? 'With --wait, the session begins when it runs.' : null,
    hasEnded ? 'With --dead, the session is beside its files and its log.' : null,
  ];
  const hint = hints.filter((part) => part !== null).join(' ');
  const facts = { mayRunAgain: canRunAgain, hasEnded };
  throw new ContainerNotRunningError(describeState(pod, name, status), hint, facts);
}

function describeState(pod: Pod, name: string, status: ContainerStatus | null): string {
  const where = `container "${name}" of pod "${pod.metadata.name}"`;
  const { terminated, waiting } = status?.state ?? {};
  const restarts = status?.restartCount ?? 0;
  // The kubelet reports CrashLoopBackOff late: during its first back-off the container is only terminated.
  const isLooping = terminated !== undefined && restarts > 0 && pod.status.phase === 'Running';
  if (isLooping || waiting?.reason === 'CrashLoopBackOff') {
    const last = terminated ?? status?.lastState.terminated;
    const lastRun = last ? `; its last run ended with ${describeTermination(last)}` : '';
    return `${where} is crash-looping (CrashLoopBackOff), ${restarts} restart${restarts === 1 ? '' : 's'}${lastRun}`;
  }
  if (terminated) {
    return `${where} has ${terminated.exitCode === 0 ? 'completed' : 'failed'}: ${describeTermination(terminated)}`;
  }
  // PodInitializing says less than what keeps the whole pod from starting.
  if (waiting && waiting.reason !== '' && waiting.reason !== 'PodInitializing') {
    return `${where} is waiting: ${waiting.reason}${waiting.message === '' ? '' : ` (${waiting.message})`}`;
  }
  return describePod(pod, where, waiting?.reason ?? '');
}

function describePod({ metadata, status }: Pod, container: string, waitingReason: string): string {
  const where = `pod "${metadata.name}"`;
  const { phase, conditions, reason, message } = status;
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  if (phase === 'Pending' && scheduled?.status === 'False') {
    return `${where} is pending: ${scheduled.reason} (${scheduled.message})`;
  }
  if (hasPodEnded(status)) {
    return `${where} has ended: ${[phase, reason, message].filter((part) => part !== '').join(', ')}`;
  }
  const detail = [phase && `pod ${phase}`, waitingReason].filter((part) => part !== '').join(', ');
  return `${container} is not running${detail === '' ? '' : ` (${detail})`}`;
}

function adviseOther(pod: Pod, name: string): string {
  const running = listStatuses(pod).filter((entry) => entry.state.running && entry.name !== name);
  if (running.length === 0)
    return `\`kubectl crashcart why pod/${pod.metadata.name} -n ${pod.metadata.namespace}\` tells more.`;
  return `Running in this pod: ${running.map((entry) => `-c ${entry.name}`).join(', ')}.`;
}
