import { describeRefusal } from './agent-refusal.ts';
import { agentContainer, type AgentOptions } from './agent-spec.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { describeTermination } from './container.ts';
import { Failure } from './failure.ts';
import { eventSchema, listOf, type Pod, podEventSchema, podSchema } from './kubernetes-objects.ts';

/** @param step what is being waited for, in a few words. */
export type AgentProgress = (step: string) => void;

/** The kubelet had no room for the pod's requests. */
export class NodeFullError extends Failure {
  override name = 'NodeFullError';
}

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
/** The kubelet's words for what a retry does not change. */
const permanentImageError = /not found|not exist|denied|unauthorized|forbidden|invalid|manifest unknown/i;
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

type Step =
  | { kind: 'running' | 'ended' }
  | { kind: 'waiting'; text: string }
  | { kind: 'imageFailing'; text: string; failure: Failure; permanent: boolean };

/** @throws Failure when it has failed for good. */
export function judgePod(pod: Pod, { options, node }: Pick<AgentWait, 'options' | 'node'>): Step {
  const { status, metadata } = pod;
  if (metadata.deletionTimestamp !== null || status.phase === 'Succeeded') return { kind: 'ended' };
  const container = status.containerStatuses.find(({ name }) => name === agentContainer);
  if (status.phase === 'Failed') {
    if (/^OutOf|^UnexpectedAdmissionError/.test(status.reason))
      throw new NodeFullError(
        'agentFailed',
        `the node "${node}" has no room for the agent: ${status.reason} (${status.message})`,
      );
    const { terminated } = container?.state ?? {};
    throw new Failure(
      'agentFailed',
      `the agent on the node "${node}" failed: ${terminated ? describeTermination(terminated) : `${status.reason} ${status.message}`.trim() || 'no reason given'}`,
      `Its log: kubectl logs -n ${metadata.namespace} ${metadata.name}`,
    );
  }
  if (container?.state.running) return { kind: 'running' };
  const waiting = container?.state.waiting;
  if (waiting && /^(ErrImage|ImagePull|InvalidImage|RegistryUnavailable|ImageInspect)/.test(waiting.reason)) {
    const { image, toolboxImage } = options;
    // The kubelet tells of both at the container; only its message names which.
    const what =
      toolboxImage !== null && waiting.message.includes(toolboxImage)
        ? `toolbox "${toolboxImage}"`
        : `agent's image "${image}"`;
    return {
      kind: 'imageFailing',
      text: `pulling the ${what}: ${waiting.reason}`,
      permanent:
        ['InvalidImageName', 'ErrImageNeverPull'].includes(waiting.reason) ||
        permanentImageError.test(waiting.message),
      failure: new Failure(
        'imageFailed',
        `the ${what} can't be had on the node "${node}": ${waiting.reason}${waiting.message === '' ? '' : `: ${waiting.message}`}`,
        'Another image is given with --image, credentials with --image-pull-secret.',
      ),
    };
  }
  if (waiting && /^(CreateContainer|RunContainer)/.test(waiting.reason)) {
    throw new Failure(
      'agentFailed',
      `the agent on the node "${node}" can't be started: ${waiting.reason} (${waiting.message})`,
    );
  }
  return { kind: 'waiting', text: container ? `starting the agent on ${node}` : `pod scheduled on ${node}` };
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
  return await untilAborted(signal);
}

async function reportSlowStart(api: ApiClient, wait: AgentWait, signal: AbortSignal): Promise<never> {
  const { namespace } = wait.options;
  for (let delayMs = slowMs; !signal.aborted; delayMs = eventIntervalMs) {
    await sleep(delayMs, signal);
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
  return await untilAborted(signal);
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
  });
}
