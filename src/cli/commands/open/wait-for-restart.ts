import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import { findContainerStatus } from '../../../cluster/target/target-container.ts';
import { Failure } from '../../../failure/failure.ts';
import { findTargetPod } from '../../../cluster/target/target-pod.ts';
import type { SessionTarget } from '../../../session-api/session-spec.ts';
import type { SessionOptions } from './session-request.ts';

const pollMs = 500;
/** Longer than the kubelet waits at most before it restarts a container that crashes: 5 minutes. */
const limitMs = 10 * 60 * 1000;

/**
 * Waits until a container that has ended runs again, in its pod or in another pod of its workload.
 * @param ended the instance that has ended.
 * @throws Failure `targetNotReady` when no instance runs in time; Failure `targetNotFound`; ApiError; the signal's reason.
 */
export async function findNextInstance(
  api: ApiClient,
  { target: name }: SessionOptions,
  ended: Extract<SessionTarget, { kind: 'container' }>,
  signal: AbortSignal,
): Promise<void> {
  if (name.kind === 'node') return;
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    const pod = await findTargetPod(api, name, signal).catch((error: unknown) => {
      // The next pod of a workload takes a moment to appear.
      if (name.kind === 'pod' || !(error instanceof Failure) || !error.code.startsWith('target')) throw error;
      return null;
    });
    const status = pod && findContainerStatus(pod, ended.container);
    if (status?.state.running && status.containerID !== '' && status.containerID !== ended.containerID)
      return;
    await delay(pollMs, undefined, { signal });
  }
  throw new Failure(
    'targetNotReady',
    `container "${ended.container}" did not run again within ${limitMs / 60_000} min`,
  );
}
