import { setTimeout as delay } from 'node:timers/promises';
import { judgePod } from './agent-pod-step.ts';
import { describeRefusal } from './agent-refusal.ts';
import type { AgentOptions } from './agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import { eventSchema, listOf, type Pod, podEventSchema, podSchema } from '../api/kubernetes-objects.ts';

/** @param step what is being waited for, in a few words. */
export type AgentProgress = (step: string) => void;

export interface AgentWait {
  node: string;
  options: Pick<AgentOptions, 'namespace' | 'image' | 'toolboxImage'>;
  /** The UID tells it, its pod and its events from those of an earlier Job of this name. */
  job: { name: string; uid: string };
  /** What the API server warned of when the Job was made. */
  warnings: string[];
  onProgress: AgentProgress;
  signal: AbortSignal;
}

/** A pull may fail once and then work; beyond this the image is given up. */
const imageRetryMs = 12_000;
/** After which a start counts as slow, and the pod's events are told. */
const slowMs = 5000;
const eventIntervalMs = 3000;

/**
 * Waits until the agent of a Job runs.
 * @returns null when the Job's pod has ended or is ending: another Job is needed.
 * @throws Failure `agentRefused`, `imageFailed`, `agentFailed`, NodeFullError; what aborted the signal.
 */
export async function waitForAgent(api: ApiClient, wait: AgentWait): Promise<Pod | null> {
  const over = new AbortController();
  const signal = AbortSignal.any([wait.signal, over.signal]);
  try {
    return await Promise.race([
      watchPod(api, wait, signal),
      watchRefusals(api, wait, signal),
      reportSlowStart(api, wait, signal),
    ]);
  } finally {
    over.abort();
  }
}

async function watchPod(api: ApiClient, wait: AgentWait, signal: AbortSignal): Promise<Pod | null> {
  const { namespace } = wait.options;
  const { promise: imageGivenUp, reject } = Promise.withResolvers<never>();
  imageGivenUp.catch(() => undefined);
  let imageTimer: NodeJS.Timeout | null = null;
  const watching = async (): Promise<Pod | null> => {
    wait.onProgress(`waiting for a pod on the node ${wait.node}`);
    while (!signal.aborted) {
      const events = api.watch({
        path: `api/v1/namespaces/${namespace}/pods`,
        query: { labelSelector: `batch.kubernetes.io/controller-uid=${wait.job.uid}` },
        schema: podSchema,
        access: { verb: 'watch', resource: 'pods', namespace },
        signal,
      });
      for await (const { type, object } of events) {
        if (type === 'DELETED') return null;
        const step = judgePod(object, wait);
        if (step.kind === 'running') return object;
        if (step.kind === 'ended') return null;
        if (step.kind === 'imageFailing') {
          if (step.permanent) throw step.failure;
          imageTimer ??= setTimeout(() => reject(step.failure), imageRetryMs);
        }
        if ('text' in step) wait.onProgress(step.text);
      }
    }
    throw signal.reason;
  };
  try {
    return await Promise.race([watching(), imageGivenUp]);
  } finally {
    if (imageTimer) clearTimeout(imageTimer);
  }
}

/** A Job's creation succeeds where its pod is refused: only an event tells. */
async function watchRefusals(api: ApiClient, wait: AgentWait, signal: AbortSignal): Promise<never> {
  const { namespace } = wait.options;
  while (!signal.aborted) {
    try {
      const events = api.watch({
        path: `api/v1/namespaces/${namespace}/events`,
        query: { fieldSelector: `involvedObject.kind=Job,involvedObject.uid=${wait.job.uid}` },
        schema: eventSchema,
        access: { verb: 'watch', resource: 'events', namespace },
        signal,
      });
      for await (const { object } of events) {
        if (object.reason !== 'FailedCreate') continue;
        throw describeRefusal('pod', object.message, namespace, wait.warnings);
      }
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      // Who may not read events learns of a refusal by the time limit alone, which tells the last step.
      const where = `waiting for a pod on the node ${wait.node}`;
      wait.onProgress(`${where} (${error.message}, where its refusal would show: see manifests/rbac.yaml)`);
      break;
    }
  }
  return await waitForAbort(signal);
}

async function reportSlowStart(api: ApiClient, wait: AgentWait, signal: AbortSignal): Promise<never> {
  const { namespace } = wait.options;
  for (let delayMs = slowMs; !signal.aborted; delayMs = eventIntervalMs) {
    await delay(delayMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const pods = await api
      .get({
        path: `api/v1/namespaces/${namespace}/events`,
        query: { fieldSelector: 'involvedObject.kind=Pod', limit: '500' },
        schema: listOf(podEventSchema),
        access: { verb: 'list', resource: 'events', namespace },
        signal,
      })
      .catch(() => null);
    const last = pods?.items
      .filter(({ involvedObject: { name } }) => name.startsWith(`${wait.job.name}-`))
      .at(-1);
    if (last) wait.onProgress(`${last.reason}: ${last.message}`);
  }
  return await waitForAbort(signal);
}

function waitForAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
