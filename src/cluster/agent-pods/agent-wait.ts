import { setTimeout as delay } from 'node:timers/promises';
import type { Failure } from '../../failure/failure.ts';
import { getPodStep } from './agent-pod-step.ts';
import type { AgentJobs } from './agent-jobs.ts';
import { describeRefusal, isPassingRefusal } from './refusals/agent-refusal.ts';
import { watchSuspension } from './refusals/suspension.ts';
import { describePullFailure, type PullProblem, readPullProblem } from './image-pull.ts';
import type { AgentOptions } from './agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import { adviseManifest } from '../api/granting-roles.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { watchResource } from '../api/resource-watch.ts';
import { events, pods } from '../api/resources.ts';

/** Is told what is being waited for, in a few words. */
export type AgentProgress = (step: string) => void;

/** Which agent is waited for. */
export interface AgentWait {
  node: string;
  options: Pick<AgentOptions, 'namespace' | 'image' | 'toolboxImage'>;
  /** The UID tells the Job, its pod and its events from those of an earlier Job of this name. */
  job: { name: string; uid: string; isSuspended: boolean };
  jobs: AgentJobs;
  /** What the API server warned of when the Job was made. */
  warnings: string[];
  onProgress: AgentProgress;
  signal: AbortSignal;
}

/** A pull may fail once and then work; after this time the image is given up. */
const pullRetryMs = 12_000;
/** After this time a start counts as slow, and the pod's events are shown. */
const slowMs = 5000;
const eventIntervalMs = 3000;

/**
 * Waits until the agent of a Job runs.
 * @returns the agent's pod; null when the pod has ended or is ending, so that another Job is needed.
 * @throws Failure `agentRefused`, `imageFailed`, `agentFailed` (NodeRefusalError when the kubelet refuses the pod), `connection`; ApiError;
 *   what aborted the signal.
 */
export async function waitForAgent(api: ApiClient, wait: AgentWait): Promise<Pod | null> {
  const over = new AbortController();
  const signal = AbortSignal.any([wait.signal, over.signal]);
  try {
    return await Promise.race([
      watchPod(api, wait, signal),
      watchRefusals(api, wait, signal),
      watchSuspension(wait.jobs, wait.job, wait.options.namespace, () => tellSuspension(wait), signal),
      reportSlowStart(api, wait, signal),
    ]);
  } finally {
    over.abort();
  }
}

/** A pull that fails, of the agent's pod. */
interface FailingPull {
  pod: string;
  problem: PullProblem;
}

async function watchPod(api: ApiClient, wait: AgentWait, signal: AbortSignal): Promise<Pod | null> {
  const { namespace } = wait.options;
  const givenUp = Promise.withResolvers<null>();
  let failing: FailingPull | null = null;
  let timer: NodeJS.Timeout | null = null;
  wait.onProgress(`waiting for a pod on the node ${wait.node}`);
  const request = {
    ...pods.watch(namespace),
    query: { labelSelector: `batch.kubernetes.io/controller-uid=${wait.job.uid}` },
    signal,
  };
  const watching = watchResource(api, request, {
    onEvent: ({ type, object }): Pod | null | undefined => {
      if (type === 'DELETED') return null;
      const step = getPodStep(object, wait);
      if (step.kind === 'running') return object;
      if (step.kind === 'ended') return null;
      wait.onProgress(step.text);
      if (step.kind !== 'pullFailing') return undefined;
      const { problem } = step;
      // The kubelet may forget the registry's words when it waits for its next try.
      if (failing === null || problem.message !== '') failing = { pod: object.metadata.name, problem };
      if (problem.isPermanent) return null;
      timer ??= setTimeout(() => givenUp.resolve(null), pullRetryMs);
      return undefined;
    },
  });
  watching.catch(() => undefined);
  try {
    const pod = await Promise.race([watching, givenUp.promise]);
    // Also when another client has given up the image first, and has deleted the Job.
    if (pod === null && failing !== null) throw await explainPull(api, failing, wait, signal);
    return pod;
  } finally {
    if (timer) clearTimeout(timer);
  }
}

async function explainPull(
  api: ApiClient,
  { pod, problem }: FailingPull,
  wait: AgentWait,
  signal: AbortSignal,
): Promise<Failure> {
  const { namespace } = wait.options;
  const told = problem.message === '' ? await readPullProblem(api, { namespace, pod }, signal) : null;
  return describePullFailure(told ?? problem, wait);
}

/** A Job can be created where its pod is refused: only an Event tells. */
async function watchRefusals(api: ApiClient, wait: AgentWait, signal: AbortSignal): Promise<never> {
  const { namespace } = wait.options;
  const request = {
    ...events.watch(namespace),
    query: { fieldSelector: `involvedObject.kind=Job,involvedObject.uid=${wait.job.uid}` },
    signal,
  };
  try {
    return await watchResource<typeof request.schema, never>(api, request, {
      onEvent: ({ object }) => {
        if (object.reason !== 'FailedCreate' || isPassingRefusal(object.message)) return undefined;
        throw describeRefusal('pod', object.message, namespace, wait.warnings);
      },
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    // A user who may not read Events learns of a refusal by the time limit alone, whose failure names the last step.
    wait.onProgress(
      `waiting for a pod on the node ${wait.node} (a refusal of the pod would not be seen: ${error.message}; ${adviseManifest('manifests/rbac.yaml')})`,
    );
    return await waitForAbort(signal);
  }
}

function tellSuspension({ onProgress }: AgentWait): void {
  onProgress("the agent's Job is suspended: a queue such as Kueue, or a policy, holds it back");
}

async function reportSlowStart(api: ApiClient, wait: AgentWait, signal: AbortSignal): Promise<never> {
  for (let delayMs = slowMs; !signal.aborted; delayMs = eventIntervalMs) {
    await delay(delayMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const podEvents = await api
      .get({
        ...events.list(wait.options.namespace),
        query: { fieldSelector: 'involvedObject.kind=Pod', limit: '500' },
        signal,
      })
      // What is shown for information must not fail the start.
      .catch(() => null);
    const last = podEvents?.items
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
