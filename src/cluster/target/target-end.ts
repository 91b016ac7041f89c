import { setTimeout as delay } from 'node:timers/promises';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionTarget } from '../../session-api/session-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { describeTermination, findContainerStatus } from './target-container.ts';
import { Failure } from '../../failure/failure.ts';
import { getPod } from './target-pod.ts';

const pollMs = 250;

/**
 * An agent refuses a container that has just ended, or was just replaced: the API server knows that a moment
 * later, and knows why.
 * @param signal its limit.
 * @returns what to throw for the error that was met.
 */
export async function explainEndedTarget(
  api: ApiClient,
  target: SessionTarget,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof ProblemError) || target.kind !== 'container') return error;
  if (!['targetNotRunning', 'targetChanged', 'containerNotFound'].includes(error.code)) return error;
  const why = await describeTargetEnd(api, target, signal);
  return why === null ? error : new Failure('targetNotReady', why, error.hint, { cause: error });
}

/**
 * Asks the API server why a container's run ended; the kubelet tells it a moment later.
 * @param signal its limit.
 * @returns null when nothing is known.
 */
export async function describeTargetEnd(
  api: ApiClient,
  target: { namespace: string; pod: string; container: string; containerID: string },
  signal: AbortSignal,
): Promise<string | null> {
  const where = `container "${target.container}" of pod "${target.pod}"`;
  while (!signal.aborted) {
    try {
      const pod = await getPod(api, target.namespace, target.pod, signal);
      const status = findContainerStatus(pod, target.container);
      const ended = [status?.state.terminated, status?.lastState.terminated].find(
        (terminated) => terminated?.containerID === target.containerID,
      );
      if (ended) return `${where} ended: ${describeTermination(ended)}`;
      if (pod.metadata.deletionTimestamp !== null) return `pod "${target.pod}" is being deleted`;
      await delay(pollMs, undefined, { signal });
    } catch (error) {
      if (error instanceof Failure && error.code === 'targetNotFound')
        return `pod "${target.pod}" was deleted`;
      return null;
    }
  }
  return null;
}
