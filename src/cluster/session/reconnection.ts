import pRetry, { AbortError } from 'p-retry';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionSpec } from '../../session-api/session-spec.ts';
import { findAgentEnd } from '../agent-pods/agent-end.ts';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import { dropKeptConnections } from '../api/transport/kept-connections.ts';
import { Failure } from '../../failure/failure.ts';
import { type AgentConnection, type Connect, connectToAgent } from './agent-connection.ts';
import type { AgentAddress } from './tunnel.ts';

/** After that, a proxy on the way has lost the attempt. */
const attemptLimitMs = 15_000;
const minDelayMs = 100;
const maxDelayMs = 5000;
/** An API server that has just started refuses what it allows a moment later, and a kubelet does not know its pods. */
const refusalLimitMs = 10_000;
const lookUpLimitMs = 3000;

/** What the agent's log has of a client, but for the tunnel of each connection. */
export type ClientAudit = Omit<SessionSpec['audit'], 'tunnelID'>;

/** A session as one client knows it, whichever connection carries it. */
export interface JoinedSession {
  id: string;
  agent: AgentAddress;
  /** Who holds the session (session-routes.ts); null: this client only watches. */
  holder: { client: string; audit: ClientAudit } | null;
  /** false: the session was started by another client, and what it has printed so far is that client's. */
  isNew: boolean;
  hasTerminal: boolean;
  /** What the agent keeps of each output until it is acknowledged. */
  outputBufferBytes: number;
  /** How long a lost connection is tried to be restored: as long as the agent keeps the session. */
  reconnectLimitMs: number;
  /** How it gets another connection; one of its own when this is left out. */
  connect?: Connect;
}

/**
 * Comes back to a session over a new connection.
 * @param cause why the connection before it is gone.
 * @param signal ends the attempts.
 * @throws Failure `sessionLost`, `agentFailed`, `connectionLost` when no attempt succeeded in time; ProblemError
 *   `takenOver`; ApiError when the API server refuses for good; the signal's reason.
 */
export async function reconnect(
  cause: Failure,
  api: ApiClient,
  session: JoinedSession,
  signal: AbortSignal,
): Promise<AgentConnection> {
  const startedAt = performance.now();
  const limit = AbortSignal.timeout(session.reconnectLimitMs);
  const either = AbortSignal.any([signal, limit]);
  const attempt = async () => {
    try {
      return await connectAgain(api, session, either);
    } catch (error) {
      const final = await findFinalError(error, api, session.agent, performance.now() - startedAt);
      if (final !== null) throw new AbortError(final);
      throw error;
    }
  };
  try {
    return await pRetry(attempt, {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: minDelayMs,
      maxTimeout: maxDelayMs,
      // An API server that fails loses the connections of many clients: they must not all come back at once.
      randomize: true,
      signal: either,
      shouldRetry: () => !either.aborted,
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (!limit.aborted) throw error;
    throw new Failure(
      'connectionLost',
      `${cause.message}; reconnecting failed for ${session.reconnectLimitMs / 1000} s`,
      'The agent has ended the session by now, unless it was to be kept for longer: see `kubectl crashcart sessions`.',
      { cause: error },
    );
  }
}

async function connectAgain(
  api: ApiClient,
  { id, agent, holder, hasTerminal, connect = connectToAgent }: JoinedSession,
  signal: AbortSignal,
): Promise<AgentConnection> {
  const mode = hasTerminal ? 'interactive' : 'bulk';
  const { credentials } = api.connection;
  dropKeptConnections(credentials.options.agent);
  const used = await credentials.reload(signal);
  const connection = connect(api.connection, agent, { mode });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(attemptLimitMs)]);
  try {
    if (holder === null) await connection.client.getSession(id, limit);
    else {
      const audit = { ...holder.audit, tunnelID: connection.tunnel.id };
      await connection.client.holdSession(id, { client: holder.client, audit, takeOver: false }, limit);
    }
    return connection;
  } catch (error) {
    connection.close();
    // The next attempt is made with what a plugin answers then.
    if (error instanceof ApiError && error.status === 401) await credentials.refresh(used, signal);
    throw error;
  }
}

/** @returns the error that no further attempt can change; null when another attempt may succeed. */
async function findFinalError(
  error: unknown,
  api: ApiClient,
  agent: AgentAddress,
  elapsedMs: number,
): Promise<Error | null> {
  if (error instanceof ProblemError) {
    if (error.code !== 'notFound') return error;
    return new Failure(
      'sessionLost',
      'the connection was lost, and the agent no longer knows the session',
      'Whether the command ended is not known.',
      { cause: error },
    );
  }
  // The user has been asked by a credential plugin, and does not want to be asked again.
  if (error instanceof Failure && error.code === 'interrupted') return error;
  // A look-up needs credentials, too: the plugin would run, and ask, once more.
  if (error instanceof Failure && error.code === 'credentials') return null;
  if (error instanceof ApiError && [401, 403, 404].includes(error.status) && elapsedMs > refusalLimitMs)
    return error;
  // The agent's pod shows whether the agent has ended; while the API server does not answer, nothing is known.
  return await findAgentEnd(api, agent, error, AbortSignal.timeout(lookUpLimitMs)).catch(() => null);
}
