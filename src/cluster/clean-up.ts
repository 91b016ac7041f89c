import pMap from 'p-map';
import { getErrorMessage } from '../failure/error-message.ts';
import type { SessionState } from '../session-api/session-end.ts';
import { AgentJobs } from './agent-pods/agent-jobs.ts';
import { listAgents } from './agent-pods/find-agent.ts';
import { agentAnnotations, agentLabelSelector } from './agent-pods/agent-spec.ts';
import { listSessionsOf, maxAgentsAskedAtOnce } from './session/list-sessions.ts';
import type { ApiClient } from './api/api-client.ts';
import type { Job, Pod } from './api/objects/kubernetes-objects.ts';
import { jobs } from './api/resources.ts';

/** An agent that does not run after so long will not start any more. */
const startLimitMs = 5 * 60 * 1000;

/** An agent, with the reasons for and against its removal. */
export interface CheckedAgent {
  job: string;
  node: string;
  /** Why the agent is useless; null when it can be used. */
  why: string | null;
  /** Why the agent is kept all the same; null when nothing is lost with it. */
  inUse: string | null;
  /** Whether it is not known if the agent is in use: it could not be asked. */
  isSilent: boolean;
}

/** How an agent is removed. */
export interface Removal {
  /** Even when it is in use. */
  isForced: boolean;
  /** The API server only checks whether the agent can be removed. */
  isDryRun: boolean;
}

/** Whether an agent is in use, and how. */
type Use = Pick<CheckedAgent, 'inUse' | 'isSilent'>;

/**
 * Checks all agents of Jobs. Useless are those that have ended, did not start, or have another version. In use are those
 * that are starting, have running sessions or detached ones whose end nobody has read, or do not tell.
 * @param version the plugin's.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function checkAgentsInUse(
  api: ApiClient,
  namespace: string,
  version: string,
  signal: AbortSignal,
): Promise<CheckedAgent[]> {
  const [{ items }, pods] = await Promise.all([
    api.get({ ...jobs.list(namespace), query: { labelSelector: agentLabelSelector }, signal }),
    listAgents(api, namespace, signal),
  ]);
  return await pMap(
    items,
    async (job) => {
      const own = pods.filter(({ metadata }) => metadata.labels['job-name'] === job.metadata.name);
      return {
        job: job.metadata.name,
        node: job.metadata.annotations[agentAnnotations.node] ?? '?',
        why: findFault(job, own, version),
        ...(await findUse(api, namespace, job, own, signal)),
      };
    },
    { concurrency: maxAgentsAskedAtOnce },
  );
}

/**
 * Removes an agent, and what runs in it. The agent is asked once more whether it is in use, since a session may have
 * begun after the check of all agents.
 * @returns why the agent was not removed; null when it is gone.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function removeAgent(
  api: ApiClient,
  namespace: string,
  { job }: CheckedAgent,
  { isForced, isDryRun }: Removal,
  signal: AbortSignal,
): Promise<string | null> {
  const agentJobs = new AgentJobs(api, namespace);
  if (!isForced) {
    const found = await agentJobs.findUsable(job, signal);
    const pods = found && (await listAgents(api, namespace, signal, `job-name=${job}`));
    const use = found && (await findUse(api, namespace, found, pods ?? [], signal));
    if (use && use.inUse !== null) return use.inUse;
  }
  await agentJobs.delete(job, signal, { isDryRun });
  return null;
}

function findFault(job: Job, pods: Pod[], version: string): string | null {
  const end = findEnd(job);
  if (end) return end.type === 'Complete' ? 'it has ended' : `it has failed: ${end.reason || end.message}`;
  const theirs = job.metadata.annotations[agentAnnotations.version] ?? 'unknown';
  if (theirs !== version) return `it has version ${theirs}, the plugin has ${version}`;
  if (findRunning(pods) === null && !isStarting(job))
    return `it did not start within ${startLimitMs / 60_000} min`;
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

/** Whether an agent that does not run yet may still start. */
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
): Promise<Use> {
  const running = findRunning(pods);
  // The client that has made a starting agent waits for it.
  if (running === null) return { inUse: isStarting(job) ? 'it is starting' : null, isSilent: false };
  try {
    const states = await listSessionsOf(api, { namespace, pod: running.metadata.name }, signal);
    return { inUse: describeUse(states), isSilent: false };
  } catch (error) {
    if (signal.aborted) throw error;
    return { inUse: `it does not tell whether sessions run: ${getErrorMessage(error)}`, isSilent: true };
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
