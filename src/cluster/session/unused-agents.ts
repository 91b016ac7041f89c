import { AgentJobs } from '../agent-pods/agent-jobs.ts';
import { listAgents } from '../agent-pods/find-agent.ts';
import type { ApiClient } from '../api/api-client.ts';
import { askAgent } from './ask-agent.ts';

/** Limit of removing one agent: on a slow node it takes a while until the agent listens, and can be asked. */
const removeLimitMs = 6000;

/**
 * Removes agents that this client has made for nothing. An agent that runs is asked first, since another client may have
 * joined it: an agent in use stays. Never throws: the Job of an agent that can't be asked ends by its idle time.
 * @param made the names of the agents' Jobs.
 */
export async function removeUnusedAgents(
  api: ApiClient,
  namespace: string,
  made: Iterable<string>,
): Promise<void> {
  await Promise.all(
    [...made].map((job) =>
      removeUnless(api, namespace, job, AbortSignal.timeout(removeLimitMs)).catch(() => undefined),
    ),
  );
}

/**
 * Deletes the Jobs of what turned out not to be agents. Never throws.
 * @param made the names of the Jobs.
 */
export async function removeFailedAgents(
  api: ApiClient,
  namespace: string,
  made: Iterable<string>,
): Promise<void> {
  const jobs = new AgentJobs(api, namespace);
  const signal = AbortSignal.timeout(removeLimitMs);
  await Promise.all([...made].map((job) => jobs.delete(job, signal).catch(() => undefined)));
}

async function removeUnless(
  api: ApiClient,
  namespace: string,
  job: string,
  signal: AbortSignal,
): Promise<void> {
  const pods = await listAgents(api, namespace, signal, `job-name=${job}`);
  const running = pods.find(({ status }) => status.phase === 'Running');
  if (running) {
    const agent = { namespace, pod: running.metadata.name };
    if (!(await askAgent(api, agent, (client, limit) => client.retire(limit), signal))) return;
  }
  await new AgentJobs(api, namespace).delete(job, signal);
}
