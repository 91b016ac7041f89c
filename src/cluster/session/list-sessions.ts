import pMap from 'p-map';
import { getErrorMessage } from '../../failure/error-message.ts';
import type { SessionState } from '../../session-api/session-end.ts';
import { listAgents } from '../agent-pods/start-agent.ts';
import { agentAnnotations } from '../agent-pods/agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { Failure } from '../../failure/failure.ts';
import type { Pod } from '../api/kubernetes-objects.ts';
import type { SessionClient } from './session-client.ts';
import { connectToAgent } from './agent-connection.ts';
import { isResident } from '../agent-pods/resident/session-keep.ts';

/** Of asking one agent: the others' answers do not wait longer for it. */
const agentLimitMs = 10_000;
/** Where agents are kept on each node of a large cluster: each is a websocket through the API server. */
export const maxAgentsAskedAtOnce = 20;

/** A session and where it is. */
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

/** Asks all agents for their sessions. @throws ApiError, Failure. */
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

/** @throws ApiError, ProblemError, Failure. */
export async function listSessionsOf(
  api: ApiClient,
  agent: { namespace: string; pod: string },
  signal: AbortSignal,
): Promise<SessionState[]> {
  return await askAgent(api, agent, (client, limit) => client.listSessions(limit), signal);
}

/**
 * Asks one agent over a connection of its own, which ends with the answer.
 * @param ask is given a signal that has a limit.
 * @throws what `ask` throws; ApiError, Failure.
 */
export async function askAgent<Answer>(
  api: ApiClient,
  agent: { namespace: string; pod: string },
  ask: (client: SessionClient, signal: AbortSignal) => Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const connection = connectToAgent(api.connection, agent, false);
  try {
    return await ask(connection.client, AbortSignal.any([signal, AbortSignal.timeout(agentLimitMs)]));
  } finally {
    connection.close();
  }
}

/**
 * Finds a session by its ID, or the beginning of it.
 * @throws Failure `sessionNotFound` when it is none's, or that of several; ApiError.
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
 * The same, of sessions that have been listed.
 * @throws Failure `sessionNotFound` when it is none's, or that of several.
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
      ? `there is no session ${id} in the namespace "${namespace}" of agents${unasked}`
      : `${id} is the beginning of ${found.length} sessions' IDs: ${found.map(({ state }) => state.id).join(', ')}`,
    '`kubectl crashcart sessions` lists them; ended ones are kept for 10 min.',
  );
}

/** @returns the node of an agent. */
export function findNode({ metadata, spec }: Pod): string {
  return metadata.annotations[agentAnnotations.node] ?? spec.nodeName;
}
