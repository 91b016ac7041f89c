import { Failure } from '../../failure/failure.ts';
import type { ApiClient } from '../api/api-client.ts';
import { connectToAgent } from './agent-connection.ts';
import type { SessionClient } from './session-client.ts';
import type { AgentAddress } from './tunnel.ts';

/** Limit of asking one agent: the answers of the others do not wait longer. */
const agentLimitMs = 10_000;

/**
 * Asks one agent over a connection of its own, which ends with the answer.
 * @param ask sends the request; its signal has a limit.
 * @throws what `ask` throws: ApiError; ProblemError; Failure `tunnelFailed`, `connectionLost`; Failure `timeout`; the
 *   signal's reason.
 */
export async function askAgent<Answer>(
  api: ApiClient,
  agent: AgentAddress,
  ask: (client: SessionClient, signal: AbortSignal) => Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const connection = connectToAgent(api.connection, agent, { mode: 'interactive' });
  const limit = new AbortController();
  const late = new Failure('timeout', `the agent did not answer within ${agentLimitMs / 1000} s`);
  const timer = setTimeout(() => limit.abort(late), agentLimitMs);
  try {
    return await ask(connection.client, AbortSignal.any([signal, limit.signal]));
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}
