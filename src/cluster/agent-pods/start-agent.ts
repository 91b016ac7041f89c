import { agentLabels, agentLabelSelector, type AgentOptions, describeAgent } from './agent-spec.ts';
import { requireImageVolumes } from './image-volumes.ts';
import { AgentJobs } from './agent-jobs.ts';
import { NodeFullError } from './agent-pod-step.ts';
import { type AgentProgress, waitForAgent } from './agent-wait.ts';
import type { ApiClient } from '../api/api-client.ts';
import { Failure } from '../../failure/failure.ts';
import { listOf, type Pod, podSchema } from '../api/kubernetes-objects.ts';
import { refuseUnusableNode } from '../target/node-checks.ts';
import { isPodReady } from '../api/pod-readiness.ts';
import { computeResidentKey, residentLabels } from './resident/resident-spec.ts';

/** Ended Jobs keep their names until the cluster removes them. */
const maxSlots = 20;
const cleanUpLimitMs = 5000;

export interface AgentRequest {
  node: string;
  /** Whether the node itself is the target. */
  nodeIsTarget: boolean;
  options: AgentOptions;
  /** Limit of a new agent's start. */
  timeoutMs: number;
  /** UIDs of pods that have turned out not to take sessions any more. */
  excluded: ReadonlySet<string>;
  onProgress: AgentProgress;
  signal: AbortSignal;
}

/**
 * Lists agents; started early, for any node's.
 * @param selector of labels; of all agents when it is not given.
 * @returns the agents' pods; none when there is no such namespace.
 */
export async function listAgents(
  api: ApiClient,
  namespace: string,
  signal: AbortSignal,
  selector = agentLabelSelector,
): Promise<Pod[]> {
  const { items } = await api.get({
    path: `api/v1/namespaces/${namespace}/pods`,
    query: { labelSelector: selector },
    schema: listOf(podSchema),
    access: { verb: 'list', resource: 'pods', namespace },
    signal,
  });
  return items;
}

/** @returns a running agent that can be used as it is, one that is installed before others; null: there is none. */
export function findWarmAgent(
  agents: Pod[],
  { node, options, excluded }: Pick<AgentRequest, 'node' | 'options' | 'excluded'>,
): Pod | null {
  const keys = [describeAgent(node, options).key, describeAgent(node, options, false).key];
  const residentKey = computeResidentKey(options);
  const usable = agents.filter(
    (agent) =>
      agent.metadata.deletionTimestamp === null &&
      !excluded.has(agent.metadata.uid) &&
      agent.status.phase === 'Running' &&
      isPodReady(agent),
  );
  return (
    usable.find(
      ({ metadata, spec }) => metadata.labels[residentLabels.key] === residentKey && spec.nodeName === node,
    ) ??
    usable.find(({ metadata }) => keys.includes(metadata.labels[agentLabels.key] ?? '')) ??
    null
  );
}

/**
 * Makes an agent on a node, or joins one that is starting, and waits until it runs.
 * A Job that was made in vain is deleted again.
 * @throws Failure; ApiError.
 */
export async function startAgent(api: ApiClient, request: AgentRequest): Promise<Pod> {
  const { node, nodeIsTarget, signal } = request;
  await refuseUnusableNode(api, node, nodeIsTarget, signal);
  if (request.options.toolboxImage !== null) await requireImageVolumes(api, node, request.options, signal);
  try {
    return await startIn(api, request, true);
  } catch (error) {
    if (!(error instanceof NodeFullError)) throw error;
    return await startIn(api, request, false);
  }
}

async function startIn(api: ApiClient, request: AgentRequest, reserve: boolean): Promise<Pod> {
  const { options, excluded, timeoutMs, signal } = request;
  const job = describeAgent(request.node, options, reserve);
  const jobs = new AgentJobs(api, options.namespace);
  let step = 'the API server has not answered';
  const onProgress = (next: string) => {
    step = next;
    request.onProgress(next);
  };
  const expired = new AbortController();
  const timer = setTimeout(() => expired.abort(describeTimeout(request.node, timeoutMs, step)), timeoutMs);
  const limit = AbortSignal.any([signal, expired.signal]);
  try {
    for (let slot = 0; slot < maxSlots; slot++) {
      const manifest = job.render(slot);
      const { name } = manifest.metadata;
      const made = await jobs.create(manifest, limit);
      const found = made?.value ?? (await jobs.findUsable(name, limit));
      if (found === null) continue;
      const warnings = made?.warnings ?? [];
      try {
        const pod = await waitForAgent(api, {
          ...request,
          onProgress,
          signal: limit,
          job: found.metadata,
          warnings,
        });
        if (pod !== null && !excluded.has(pod.metadata.uid)) return pod;
      } catch (error) {
        const isForAll = hasFailedForAll(error);
        // An earlier agent that crashed, most likely: its Job is told to have failed only later.
        if (!made && !isForAll && error instanceof Failure && error.code === 'agentFailed') continue;
        // What another client has made is its own to give up: its limit may be longer than ours.
        if (made || isForAll) {
          await jobs.delete(name, AbortSignal.timeout(cleanUpLimitMs)).catch(() => undefined);
        }
        throw error;
      }
    }
  } finally {
    clearTimeout(timer);
  }
  throw new Failure('agentFailed', `${maxSlots} agents have ended on the node "${request.node}" just now`);
}

/** Whether who else waits for the same Job waits in vain, too. */
function hasFailedForAll(error: unknown): boolean {
  if (error instanceof NodeFullError) return true;
  return error instanceof Failure && ['imageFailed', 'agentRefused'].includes(error.code);
}

function describeTimeout(node: string, timeoutMs: number, step: string): Failure {
  return new Failure(
    'timeout',
    `the agent on the node "${node}" was not running within ${timeoutMs / 1000} s: ${step}`,
    'A longer limit is given with --timeout.',
  );
}
