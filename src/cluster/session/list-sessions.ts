import pMap from 'p-map';
import { getErrorMessage } from '../../failure/error-message.ts';
import type { SessionState } from '../../session-api/session-end.ts';
import { listAgents } from '../agent-pods/find-agent.ts';
import { agentAnnotations } from '../agent-pods/agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { Failure } from '../../failure/failure.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import type { SessionClient } from './session-client.ts';
import { connectToAgent } from './agent-connection.ts';
import type { AgentAddress } from './tunnel.ts';
import { isResident } from '../agent-pods/resident/session-keep.ts';

/** Limit of asking one agent: the answers of the others do not wait longer. */
const agentLimitMs = 10_000;
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

export interface AgentSessions {
  sessions: FoundSession[];
  /** Agents that did not answer, and why. */
  silent: { pod: string; node: string; why: string }[];
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
        const why = getErrorMessage(error);
        return { sessions: [], silent: [{ pod: name, node, why }] };
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
 * @throws ApiError; ProblemError; Failure `tunnelFailed`, `connectionLost`, `agentFailed`; a TimeoutError.
 */
export async function listSessionsOf(
  api: ApiClient,
  agent: AgentAddress,
  signal: AbortSignal,
): Promise<SessionState[]> {
  return await askAgent(api, agent, (client, limit) => client.listSessions(limit), signal);
}

/**
 * Asks one agent over a connection of its own, which ends with the answer.
 * @param ask sends the request; its signal has a limit.
 * @throws what `ask` throws: ApiError; ProblemError; Failure `tunnelFailed`, `connectionLost`; a TimeoutError.
 */
export async function askAgent<Answer>(
  api: ApiClient,
  agent: AgentAddress,
  ask: (client: SessionClient, signal: AbortSignal) => Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const connection = connectToAgent(api.connection, agent, { mode: 'interactive' });
  try {
    return await ask(connection.client, AbortSignal.any([signal, AbortSignal.timeout(agentLimitMs)]));
  } finally {
    connection.close();
  }
}

/**
 * Finds a session by its ID, or by the first characters of its ID.
 * @throws Failure `sessionNotFound` when no session, or more than one, has such an ID; ApiError.
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
 * @throws Failure `sessionNotFound` when no session, or more than one, has such an ID.
 */
export function selectSession(
  { sessions, silent }: AgentSessions,
  namespace: string,
  id: string,
): FoundSession {
  const found = sessions.filter(({ state }) => state.id.startsWith(id.toLowerCase()));
  const [one] = found;
  if (one && found.length === 1) return one;
  const unasked = silent.length === 0 ? '' : ` (${silent.length} agents did not answer: ${silent[0]?.why})`;
  throw new Failure(
    'sessionNotFound',
    found.length === 0
      ? `no agent in the namespace "${namespace}" has a session ${id}${unasked}`
      : `${id} matches ${found.length} sessions: ${found.map(({ state }) => state.id).join(', ')}`,
    '`kubectl crashcart sessions` lists them; ended sessions are listed for 10 min.',
  );
}

/** @returns the name of the node that an agent's pod runs on. */
export function findNode({ metadata, spec }: Pod): string {
  return metadata.annotations[agentAnnotations.node] ?? spec.nodeName;
}
