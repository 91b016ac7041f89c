import type { SessionState } from '../../session-api/session-end.ts';
import type { ApiClient } from '../api/api-client.ts';
import { connectToAgent } from './agent-connection.ts';
import { ClientSession, type SessionSinks } from './client-session.ts';
import type { JoinedSession } from './reconnection.ts';
import type { AgentAddress } from './tunnel.ts';

/** How long a lost connection is tried to be restored; the agent may keep the session for longer. */
const reconnectLimitMs = 5 * 60 * 1000;

/** A session that an agent has already. */
export interface ExistingSession {
  agent: AgentAddress;
  state: SessionState;
  /** Who takes the session over; null: it is only watched. */
  holder: JoinedSession['holder'];
}

/**
 * Takes over a session that an agent has already, or watches it.
 * @throws Failure `tunnelFailed`, `connectionLost`, `timeout`; ApiError; ProblemError; the signal's reason.
 */
export async function attachSession(
  api: ApiClient,
  { agent, state, holder }: ExistingSession,
  sinks: SessionSinks,
  signal: AbortSignal,
): Promise<ClientSession> {
  const { id, hasTerminal, outputBufferBytes } = state;
  const mode = hasTerminal ? 'interactive' : 'bulk';
  const connection = connectToAgent(api.connection, agent, { mode });
  const joined = { id, agent, holder, isNew: false, hasTerminal, outputBufferBytes, reconnectLimitMs };
  const session = new ClientSession(api, connection, joined, signal);
  try {
    await session.takeOver(signal);
    session.read(sinks);
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}
