import pMap from 'p-map';
import { AgentJobs } from './agent-jobs.ts';
import { listAgents } from './agent-pod.ts';
import { agentAnnotations, agentLabelSelector } from './agent-spec.ts';
import { listSessionsOf, maxAgentsAskedAtOnce } from './agent-sessions.ts';
import type { ApiClient } from './api-client.ts';
import { type Job, jobSchema, listOf, type Pod } from './kubernetes-objects.ts';

/** A pod that does not run yet may still be starting. */
const startLimitMs = 5 * 60 * 1000;

/** An agent that could be removed. */
export interface AgentVerdict {
  job: string;
  node: string;
  /** Why it is of no use; null when it is. */
  why: string | null;
  /** Why it is not removed all the same; null when nothing speaks against that. */
  inUse: string | null;
}

/**
 * Judges all agents: those that have ended, did not come to run, or are of another version are of no use. One
 * with running sessions, or that does not say whether it has any, is in use.
 * @throws ApiError, Failure.
 */
export async function judgeAgents(
  api: ApiClient,
  namespace: string,
  version: string,
  signal: AbortSignal,
): Promise<AgentVerdict[]> {
  const [jobs, pods] = await Promise.all([
    listJobs(api, namespace, signal),
    listAgents(api, namespace, signal),
  ]);
  return await pMap(
    jobs,
    async (job) => {
      const own = pods.filter(({ metadata }) => metadata.labels['job-name'] === job.metadata.name);
      const running = own.find(({ status }) => status.phase === 'Running') ?? null;
      return {
        job: job.metadata.name,
        node: job.metadata.annotations[agentAnnotations.node] ?? '?',
        why: findFault(job, running, version),
        inUse: running && (await findUse(api, namespace, running, signal)),
      };
    },
    { concurrency: maxAgentsAskedAtOnce },
  );
}

/** Removes an agent, and what runs in it. */
export async function removeAgent(
  api: ApiClient,
  namespace: string,
  { job }: AgentVerdict,
  signal: AbortSignal,
): Promise<void> {
  await new AgentJobs(api, namespace).delete(job, signal);
}

async function listJobs(api: ApiClient, namespace: string, signal: AbortSignal): Promise<Job[]> {
  const { items } = await api.get({
    path: `apis/batch/v1/namespaces/${namespace}/jobs`,
    query: { labelSelector: agentLabelSelector },
    schema: listOf(jobSchema),
    access: { verb: 'list', resource: 'jobs.batch', namespace },
    signal,
  });
  return items;
}

function findFault({ metadata, status }: Job, running: Pod | null, version: string): string | null {
  const over = status.conditions.find(
    ({ type, status: value }) => ['Complete', 'Failed'].includes(type) && value === 'True',
  );
  if (over)
    return over.type === 'Complete' ? 'it has ended' : `it has failed: ${over.reason || over.message}`;
  const theirs = metadata.annotations[agentAnnotations.version] ?? 'unknown';
  if (theirs !== version) return `it is of version ${theirs}, this is ${version}`;
  const ageMs = Date.now() - Date.parse(metadata.creationTimestamp ?? '');
  if (running === null && ageMs > startLimitMs)
    return `it has not come to run in ${startLimitMs / 60_000} min`;
  return null;
}

async function findUse(
  api: ApiClient,
  namespace: string,
  { metadata }: Pod,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const states = await listSessionsOf(api, { namespace, pod: metadata.name }, signal);
    const count = states.filter(({ end }) => end === null).length;
    if (count === 0) return null;
    return count === 1 ? 'a session runs' : `${count} sessions run`;
  } catch (error) {
    if (signal.aborted) throw error;
    return `it does not say whether sessions run: ${error instanceof Error ? error.message : String(error)}`;
  }
}
