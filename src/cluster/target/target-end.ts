import { setTimeout as delay } from 'node:timers/promises';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionTarget } from '../../session-api/session-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { Failure } from '../../failure/failure.ts';
import { describePodEnd } from './pod-end.ts';
import { describeProbeEnd } from './probes/probe-end.ts';
import { describeTermination, findContainerStatus } from './target-container.ts';

const pollMs = 250;

/** Whether an agent refuses a container because the run that was looked up has ended. Its command has not run. */
export function isEndedTarget(error: unknown): error is ProblemError {
  const codes = ['targetNotRunning', 'targetChanged', 'containerNotFound'];
  return error instanceof ProblemError && codes.includes(error.code);
}

/**
 * Explains why an agent refuses a container that has just ended or was just replaced: the API server is told a moment
 * later, and knows the cause.
 * @param error what the session failed with.
 * @param signal the limit of asking.
 * @returns what to throw instead of the error: Failure `targetNotReady`, or the error itself. Never throws.
 */
export async function explainEndedTarget(
  api: ApiClient,
  target: SessionTarget,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (!isEndedTarget(error) || target.kind !== 'container') return error;
  const why = await describeTargetEnd(api, target, signal);
  return why === null ? error : new Failure('targetNotReady', why, error.hint, { cause: error });
}

/**
 * Asks the API server why a container's run ended, until the kubelet has reported the end.
 * @param signal the limit of asking.
 * @returns a sentence; null when nothing is known. Never throws.
 */
export async function describeTargetEnd(
  api: ApiClient,
  target: { namespace: string; pod: string; container: string; containerID: string },
  signal: AbortSignal,
): Promise<string | null> {
  const describeEnd = async (pod: Pod) => {
    const status = findContainerStatus(pod, target.container);
    const ended = [status?.state.terminated, status?.lastState.terminated].find(
      (terminated) => terminated?.containerID === target.containerID,
    );
    if (!ended) return null;
    const { container } = target;
    const probe = await describeProbeEnd(api, pod, { container, ended }, signal).catch(() => null);
    const why = [describeTermination(ended), probe].filter((part) => part !== null).join('; ');
    return `container "${container}" of pod "${target.pod}" ended: ${why}`;
  };
  try {
    for (;;) {
      const why = await describePodEnd(api, target, describeEnd, signal);
      if (why !== null) return why;
      await delay(pollMs, undefined, { signal });
    }
  } catch {
    return null;
  }
}
