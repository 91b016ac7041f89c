import pMap from 'p-map';
import { getErrorMessage } from '../failure/error-message.ts';
import type { SessionState } from '../session-api/session-end.ts';
import { AgentJobs } from './agent-pods/agent-jobs.ts';
import { listAgents } from './agent-pods/start-agent.ts';
import { agentAnnotations, agentLabelSelector } from './agent-pods/agent-spec.ts';
import { listSessionsOf, maxAgentsAskedAtOnce } from './session/list-sessions.ts';
import type { ApiClient } from './api/api-client.ts';
import { ApiError } from './api/api-error.ts';
import { type Job, jobSchema, listOf, type Pod } from './api/kubernetes-objects.ts';

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
 * that is starting, has running sessions or ends of detached ones that nobody has asked for, or that does not say
 * whether it has any, is in use.
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
      return {
        job: job.metadata.name,
        node: job.metadata.annotations[agentAnnotations.node] ?? '?',
        why: findFault(job, own, version),
        inUse: await findUse(api, namespace, job, own, signal),
      };
    },
    { concurrency: maxAgentsAskedAtOnce },
  );
}

/**
 * Removes an agent, and what runs in it; first it is asked once more whether it is in use, as between the judging of
 * all and the last one's removal there is time for a session to begin.
 * @param isForced whether it is removed also when it is in use.
 * @returns why it was not removed; null when it is gone.
 * @throws ApiError, Failure.
 */
export async function removeAgent(
  api: ApiClient,
  namespace: string,
  { job }: AgentVerdict,
  isForced: boolean,
  signal: AbortSignal,
): Promise<string | null> {
  const jobs = new AgentJobs(api, namespace);
  if (!isForced) {
    const found = await jobs.findUsable(job, signal);
    const pods = found && (await listAgents(api, namespace, signal, `job-name=${job}`));
    const inUse = found && (await findUse(api, namespace, found, pods ?? [], signal));
    if (inUse !== null) return inUse;
  }
  try {
    await jobs.delete(job, signal);
  } catch (error) {
    // The cluster removes ended ones itself.
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
  return null;
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

function findFault(job: Job, pods: Pod[], version: string): string | null {
  const over = findEnd(job);
  if (over)
    return over.type === 'Complete' ? 'it has ended' : `it has failed: ${over.reason || over.message}`;
  const theirs = job.metadata.annotations[agentAnnotations.version] ?? 'unknown';
  if (theirs !== version) return `it is of version ${theirs}, this is ${version}`;
  if (findRunning(pods) === null && !isStarting(job))
    return `it has not come to run in ${startLimitMs / 60_000} min`;
  return null;
}

function findEnd({ status }: Job) {
  return status.conditions.find(
    ({ type, status: value }) => ['Complete', 'Failed'].includes(type) && value === 'True',
  );
}

function findRunning(pods: Pod[]): Pod | null {
  return pods.find(({ status }) => status.phase === 'Running') ?? null;
}

/** Whether one that does not run yet may still come to. */
function isStarting(job: Job): boolean {
  const ageMs = Date.now() - Date.parse(job.metadata.creationTimestamp ?? '');
  return findEnd(job) === undefined && ageMs <= startLimitMs;
}

async function findUse(
  api: ApiClient,
  namespace: string,
  job: Job,
  pods: Pod[],
  signal: AbortSignal,
): Promise<string | null> {
  const running = findRunning(pods);
  // Whoever has made it waits for it.
  if (running === null) return isStarting(job) ? 'it is starting' : null;
  try {
    return describeUse(await listSessionsOf(api, { namespace, pod: running.metadata.name }, signal));
  } catch (error) {
    if (signal.aborted) throw error;
    return `it does not say whether sessions run: ${getErrorMessage(error)}`;
  }
}

function describeUse(states: SessionState[]): string | null {
  const running = states.filter(({ end }) => end === null).length;
  const unread = states.filter(({ isEndAwaited }) => isEndAwaited).length;
  const uses = [
    ...(running === 0 ? [] : [running === 1 ? 'a session runs' : `${running} sessions run`]),
    ...(unread === 0
      ? []
      : [`${unread} detached ${unread === 1 ? 'session has' : 'sessions have'} ended unread`]),
  ];
  return uses.length === 0 ? null : uses.join(', ');
}
