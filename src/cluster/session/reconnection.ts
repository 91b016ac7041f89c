import pRetry, { AbortError } from 'p-retry';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionSpec } from '../../session-api/session-spec.ts';
import { findAgentEnd } from '../agent-pods/agent-end.ts';
import { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';
import type { ApiConnection } from '../api/kubeconfig.ts';
import { connectToAgent, type SessionConnection } from './agent-connection.ts';

/** Of one attempt: beyond, what stands in between has lost it. */
const attemptLimitMs = 15_000;
const minDelayMs = 100;
const maxDelayMs = 5000;
/** An API server that starts refuses what it allows a moment later, and a kubelet knows no pod. */
const refusalLimitMs = 10_000;
const lookUpLimitMs = 3000;

export interface ReconnectionOptions {
  /** Reads the kubeconfig again: its credentials may have expired meanwhile. */
  loadConnection: () => Promise<ApiConnection>;
  agent: { namespace: string; pod: string };
  sessionID: string;
  /** null: it was only watched. */
  hold: { client: string; audit: Omit<SessionSpec['audit'], 'tunnelID'> } | null;
  bulk: boolean;
  /** How long the agent keeps the session. */
  limitMs: number;
  signal: AbortSignal;
}

/**
 * Comes back to a session over a new connection.
 * @param cause why the one before is gone.
 * @throws Failure `sessionLost`, `agentFailed`, `connectionLost` when it did not succeed in time; ProblemError
 *   `takenOver`; ApiError when it is refused for good.
 */
export async function reconnect(cause: Failure, options: ReconnectionOptions): Promise<SessionConnection> {
  const startedAt = performance.now();
  const limit = AbortSignal.timeout(options.limitMs);
  const signal = AbortSignal.any([options.signal, limit]);
  const attempt = async () => {
    try {
      return await connectAgain(options, signal);
    } catch (error) {
      const final = await findFinalError(error, options, performance.now() - startedAt);
      if (final !== null) throw new AbortError(final);
      throw error;
    }
  };
  try {
    return await pRetry(attempt, {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: minDelayMs,
      maxTimeout: maxDelayMs,
      // Many clients lose their connections at once: they must not all come back at once.
      randomize: true,
      signal,
      shouldRetry: () => !signal.aborted,
    });
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (!limit.aborted) throw error;
    throw new Failure(
      'connectionLost',
      `${cause.message}; it could not be restored within ${options.limitMs / 1000} s`,
      'The agent has ended the session meanwhile, unless it was kept for longer: see `kubectl crashcart sessions`.',
      { cause: error },
    );
  }
}

async function connectAgain(options: ReconnectionOptions, signal: AbortSignal): Promise<SessionConnection> {
  const connection = connectToAgent(await options.loadConnection(), options.agent, options.bulk);
  const { hold, sessionID } = options;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(attemptLimitMs)]);
  try {
    if (hold === null) await connection.client.getSession(sessionID, limit);
    else {
      const audit = { ...hold.audit, tunnelID: connection.tunnel.id };
      await connection.client.holdSession(sessionID, { ...hold, audit, takeOver: false }, limit);
    }
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** @returns the error that no further attempt will mend; null when one may. */
async function findFinalError(
  error: unknown,
  { loadConnection, agent }: ReconnectionOptions,
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
  if (error instanceof ApiError && [401, 403, 404].includes(error.status) && elapsedMs > refusalLimitMs)
    return error;
  // Its pod tells: while the API server itself is away, nothing is known.
  const api = new ApiClient(await loadConnection());
  return await findAgentEnd(api, agent, error, AbortSignal.timeout(lookUpLimitMs)).catch(() => null);
}
