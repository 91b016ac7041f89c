import { constants as osConstants } from 'node:os';
import { Failure } from '../../../failure/failure.ts';
import type { ContainerStatus, Pod } from '../../api/objects/kubernetes-objects.ts';
import {
  chooseContainerName,
  type ChosenContainer,
  describeTermination,
  findContainerStatus,
  findEndedRun,
  listStatuses,
  type Termination,
} from '../target-container.ts';

/** A container that has ended, and how. */
export interface EndedContainer extends ChosenContainer {
  /** How and when its last run ended, in a sentence without its full stop. */
  end: string;
  /** As the API has it; empty when it does not tell. */
  finishedAt: string;
}

/**
 * Chooses a container of a pod, as kubectl does, that has ended and was not started again yet.
 * @param wanted name that the user gave; null: the pod's default.
 * @throws Failure `containerNotFound`; `targetNotReady` for one that runs, or has not run yet.
 */
export function chooseEndedContainer(pod: Pod, wanted: string | null): EndedContainer {
  const { name, notice } = chooseContainerName(pod, wanted);
  const status = findContainerStatus(pod, name);
  const ended = status && findEndedRun(status);
  const where = `container "${name}" of pod "${pod.metadata.name}"`;
  if (status === null || ended === null) {
    const others = listStatuses(pod).filter((entry) => findEndedRun(entry) !== null);
    const names = others.map((entry) => entry.name);
    throw new Failure(
      'targetNotReady',
      status?.state.running
        ? `${where} is running: --dead is for a container that has ended`
        : `${where} has not run yet: --dead is for a container that has ended`,
      proposeInstead(pod, status, names),
    );
  }
  const times = [ended.startedAt, ended.finishedAt].filter((time) => time !== null);
  const end = [
    `${where} has ended: ${describeTermination(ended)}${describeSignal(ended)}`,
    ...(times.length === 2 ? [`it ran from ${times.join(' to ')}`] : []),
    ...(status.restartCount > 0
      ? [`${status.restartCount} restart${status.restartCount === 1 ? '' : 's'}`]
      : []),
  ].join('; ');
  return { name, notice, containerID: ended.containerID, end, finishedAt: ended.finishedAt ?? '' };
}

/** @param ended the containers of the pod that have ended. */
function proposeInstead({ metadata }: Pod, status: ContainerStatus | null, ended: string[]): string {
  if (ended.length > 0) return `Ended in this pod: ${ended.map((name) => `-c ${name}`).join(', ')}.`;
  if (status?.state.running) return 'Without --dead, the session is in the running container.';
  return `\`kubectl crashcart why pod/${metadata.name} -n ${metadata.namespace}\` tells what keeps it from running.`;
}

/** The API tells a signal by the exit code alone, as shells do: most runtimes leave its own field empty. */
function describeSignal({ exitCode, signal }: Termination): string {
  const number = signal > 0 ? signal : exitCode - 128;
  const name = Object.entries(osConstants.signals).find(([, value]) => value === number)?.[0];
  return name === undefined ? '' : `, that of signal ${number} (${name})`;
}
