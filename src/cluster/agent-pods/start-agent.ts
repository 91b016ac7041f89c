import type { AgentChoice } from './find-agent.ts';
import { requireImageVolumes } from './image-volumes.ts';
import { AgentJobs } from './agent-jobs.ts';
import { NodeRefusalError } from './refusals/node-refusal.ts';
import { type AgentJobManifest, describeAgent } from './agent-spec.ts';
import { type AgentProgress, waitForAgent } from './agent-wait.ts';
import type { ApiClient } from '../api/api-client.ts';
import { Failure, type FailureCode } from '../../failure/failure.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { refuseUnusableNode } from '../target/node-checks.ts';

/** Ended Jobs keep their names until the cluster removes them. */
const maxSlots = 20;
const cleanUpLimitMs = 5000;

/** What agent to start, and how long that may take. */
export interface AgentRequest extends AgentChoice {
  /** Whether the node itself is the target. */
  nodeIsTarget: boolean;
  /** Limit of a new agent's start. */
  timeoutMs: number;
  onProgress: AgentProgress;
  /** Is told the name of each Job that this start makes. */
  onMade: (job: string) => void;
  /** When it is aborted, the Jobs that were made stay: whoever aborts knows whether their agents are in use. */
  signal: AbortSignal;
}

/** What becomes of a Job whose agent did not start. */
interface Consequence {
  /** For a Job that this client has made. */
  made: 'delete';
  /** For a Job of another client, that this client has joined. */
  joined: 'delete' | 'leave' | 'tryNext';
}

/** Whatever is not among these is this client's own failure: another client's time limit may be longer. */
const otherwise: Consequence = { made: 'delete', joined: 'leave' };
const consequences: Partial<Record<FailureCode, Consequence>> = {
  // Every client that waits for this Job waits in vain.
  imageFailed: { made: 'delete', joined: 'delete' },
  agentRefused: { made: 'delete', joined: 'delete' },
  // Most likely an earlier agent that crashed: its Job is marked as failed only later.
  agentFailed: { made: 'delete', joined: 'tryNext' },
};
const refusedByNode: Consequence = { made: 'delete', joined: 'delete' };

/**
 * Starts an agent on a node, or joins one that is starting, and waits until it runs. A Job that was made in vain is
 * deleted again, but not after an abort: see `onMade`. On a full node the agent is started without resource requests.
 * @throws Failure `agentRefused`, `agentFailed`, `imageFailed`, `toolboxRefused`, `nodeRefused`, `targetNotFound`,
 *   `namespaceMissing` (NamespaceMissingError), `timeout`, `connection`; ApiError; what aborted the signal.
 */
export async function startAgent(api: ApiClient, request: AgentRequest): Promise<Pod> {
  const { node, nodeIsTarget, options, signal } = request;
  await refuseUnusableNode(api, node, { isTarget: nodeIsTarget }, signal);
  if (options.toolboxImage !== null) await requireImageVolumes(api, node, options, signal);
  try {
    return await startWith(api, request);
  } catch (error) {
    if (!(error instanceof NodeRefusalError) || error.remedy !== 'noRequests') throw error;
    return await startWith(api, request, { hasRequests: false });
  }
}

async function startWith(
  api: ApiClient,
  request: AgentRequest,
  resources?: { hasRequests: boolean },
): Promise<Pod> {
  const { node, options, excluded, timeoutMs } = request;
  const job = describeAgent(node, options, resources);
  const jobs = new AgentJobs(api, options.namespace);
  let step = 'the API server has not answered';
  const onProgress = (next: string) => {
    step = next;
    request.onProgress(next);
  };
  const expired = new AbortController();
  const timer = setTimeout(() => expired.abort(describeTimeout(node, timeoutMs, step)), timeoutMs);
  const limited = { ...request, onProgress, signal: AbortSignal.any([request.signal, expired.signal]) };
  const isAborted = () => request.signal.aborted;
  try {
    for (let slot = 0; slot < maxSlots; slot++) {
      const pod = await startJob(api, jobs, job.render(slot), limited, isAborted);
      if (pod !== null && !excluded?.has(pod.metadata.uid)) return pod;
    }
  } finally {
    clearTimeout(timer);
  }
  throw new Failure('agentFailed', `${maxSlots} agents on the node "${node}" have ended just now`);
}

/**
 * Makes a Job, or joins the one that has its name, and waits for its agent.
 * @returns null when the Job has ended, or its agent has: another Job is needed.
 */
async function startJob(
  api: ApiClient,
  jobs: AgentJobs,
  manifest: AgentJobManifest,
  request: AgentRequest,
  isAborted: () => boolean,
): Promise<Pod | null> {
  const { name } = manifest.metadata;
  const { job, isOwn, warnings } = await jobs.createOrFind(manifest, request.signal);
  if (isOwn) request.onMade(name);
  if (job === null) return null;
  try {
    const { uid } = job.metadata;
    const waited = { name, uid, isSuspended: job.spec.suspend === true };
    return await waitForAgent(api, { ...request, jobs, job: waited, warnings });
  } catch (error) {
    if (isAborted()) throw error;
    const { [isOwn ? 'made' : 'joined']: consequence } = findConsequence(error);
    if (consequence === 'tryNext') return null;
    if (consequence === 'delete')
      await jobs.delete(name, AbortSignal.timeout(cleanUpLimitMs)).catch(() => undefined);
    throw error;
  }
}

function findConsequence(error: unknown): Consequence {
  if (error instanceof NodeRefusalError) return refusedByNode;
  return (error instanceof Failure ? consequences[error.code] : undefined) ?? otherwise;
}

function describeTimeout(node: string, timeoutMs: number, step: string): Failure {
  return new Failure(
    'timeout',
    `the agent on the node "${node}" was not running within ${timeoutMs / 1000} s: ${step}`,
    'Give it more time with --timeout.',
  );
}
