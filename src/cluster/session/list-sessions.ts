import pMap from 'p-map';
import { getErrorMessage } from '../../failure/error-message.ts';
import type { SessionState } from '../../session-api/session-end.ts';
import { listAgents } from '../agent-pods/find-agent.ts';
import { agentAnnotations } from '../agent-pods/agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { Failure } from '../../failure/failure.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { askAgent } from './ask-agent.ts';
import type { AgentAddress } from './tunnel.ts';
import { isResident } from '../agent-pods/resident/session-keep.ts';

/** A large cluster may have an agent on each node, and each is asked over a websocket of the API server. */
export const maxAgentsAskedAtOnce = 20;

/** A session and the agent that has it. */
export interface FoundSession {
  /** The agent's pod. */
  pod: string;
  node: string;
  /** Whether `install` keeps that agent. */
  isResident: boolean;
  state: SessionState;
}

/** An agent whose sessions are not known. */
export interface SilentAgent {
  /** The agent's pod. */
  pod: string;
  node: string;
  why: string;
  /** What to do about that; null when there is nothing to advise. */
  hint: string | null;
}

export interface AgentSessions {
  sessions: FoundSession[];
  /** Agents that could not be asked, or did not answer. */
  silent: SilentAgent[];
}

/**
 * Asks all agents for their sessions; the sessions that ended and are still kept are listed, too.
 * @returns the sessions, the oldest first, and the agents that did not answer.
 * @throws ApiError, Failure `connection`: the agents could not be listed; the signal's reason.
 */
export async function listSessions(
  api: ApiClient,
  namespace: string,
  signal: AbortSignal,
): Promise<AgentSessions> {
  const agents = (await listAgents(api, namespace, signal)).filter(
    ({ status, metadata }) => status.phase === 'Running' && metadata.deletionTimestamp === null,
  );
  const answers = await pMap(
    agents,
    async (pod) => {
      const { name } = pod.metadata;
      const node = findNode(pod);
      try {
        const states = await listSessionsOf(api, { namespace, pod: name }, signal);
        return {
          sessions: states.map((state) => ({ pod: name, node, isResident: isResident(pod), state })),
          silent: [],
        };
      } catch (error) {
        if (signal.aborted) throw error;
        const hint = error instanceof Failure ? error.hint : null;
        return { sessions: [], silent: [{ pod: name, node, why: getErrorMessage(error), hint }] };
      }
    },
    { concurrency: maxAgentsAskedAtOnce },
  );
  const sessions = answers.flatMap((answer) => answer.sessions);
  return {
    sessions: sessions.toSorted((one, other) => one.state.startedAt.localeCompare(other.state.startedAt)),
    silent: answers.flatMap(({ silent }) => silent),
  };
}

/**
 * Asks one agent for its sessions.
 * @throws ApiError; ProblemError; Failure `tunnelFailed`, `connectionLost`, `agentFailed`, `timeout`.
 */
export async function listSessionsOf(
  api: ApiClient,
  agent: AgentAddress,
  signal: AbortSignal,
): Promise<SessionState[]> {
  return await askAgent(api, agent, (client, limit) => client.listSessions(limit), signal);
}

/**
 * Finds a session by its ID, or by the first characters of its ID.
 * @throws Failure `sessionNotFound`, `incomplete` as {@link selectSession}; ApiError.
 */
export async function findSession(
  api: ApiClient,
  namespace: string,
  id: string,
  signal: AbortSignal,
): Promise<FoundSession> {
  return selectSession(await listSessions(api, namespace, signal), namespace, id);
}

/**
 * Finds a session among those that have been listed.
 * @param id ID of the session, or its first characters.
 * @throws Failure `sessionNotFound` when no session, or more than one, has such an ID; `incomplete` when no session has
 *   it, and not all agents have answered.
 */
export function selectSession(
  { sessions, silent }: AgentSessions,
  namespace: string,
  id: string,
): FoundSession {
  const found = sessions.filter(({ state }) => state.id.startsWith(id.toLowerCase()));
  const [one] = found;
  if (one && found.length === 1) return one;
  if (found.length === 0 && silent.length > 0)
    throw describeSilence(silent, `no agent that answered has a session ${id}`);
  throw new Failure(
    'sessionNotFound',
    found.length === 0
      ? `no agent in the namespace "${namespace}" has a session ${id}`
      : `${id} matches ${found.length} sessions: ${found.map(({ state }) => state.id).join(', ')}`,
    '`kubectl crashcart sessions` lists them; ended sessions are listed for 10 min.',
  );
}

/**
 * Describes that the sessions of some agents are not known.
 * @param silent at least one agent.
 * @param what is said first; null: nothing.
 * @returns Failure `incomplete`.
 */
export function describeSilence(silent: SilentAgent[], what: string | null = null): Failure {
  const reasons = [...new Set(silent.map(({ why }) => why))];
  const told = reasons.map((reason) => {
    const names = silent.filter(({ why }) => why === reason).map(({ pod, node }) => `${pod} on ${node}`);
    return `${names.length === 1 ? 'agent' : 'agents'} ${names.join(', ')}: ${reason}`;
  });
  const unknown = `the sessions of ${silent.length === 1 ? 'an agent' : `${silent.length} agents`} are not known`;
  const hints = new Set(silent.flatMap(({ hint }) => hint ?? []));
  return new Failure(
    'incomplete',
    `${what === null ? '' : `${what}; `}${unknown}: ${told.join('; ')}`,
    hints.size === 0 ? null : [...hints].join('\n'),
  );
}

/** @returns the name of the node that an agent's pod runs on. */
export function findNode({ metadata, spec }: Pod): string {
  return metadata.annotations[agentAnnotations.node] ?? spec.nodeName;
}
