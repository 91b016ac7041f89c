import type { ApiConnection } from '../api/api-connection.ts';
import { type ConnectionMode, SessionClient } from './session-client.ts';
import { type AgentAddress, Tunnel } from './tunnel.ts';

/** A connection to an agent: the tunnel, and the session API over the tunnel. */
export interface AgentConnection {
  client: SessionClient;
  tunnel: Tunnel;
  close(): void;
}

/** How a session gets its connections: its own ones, or shares of those that others use as well. */
export type Connect = typeof connectToAgent;

/**
 * Connects to an agent. Returns at once: requests wait until the tunnel is open, and fail as the tunnel does (see
 * {@link Tunnel}).
 * @param mode what the connection is tuned for.
 * @param limitMs how long the agent may take to listen, if it has just been started.
 */
export function connectToAgent(
  connection: ApiConnection,
  agent: AgentAddress,
  { mode, limitMs }: { mode: ConnectionMode; limitMs?: number },
): AgentConnection {
  const tunnel = new Tunnel(connection, agent);
  const client = new SessionClient(tunnel, mode, limitMs);
  return {
    client,
    tunnel,
    close: () => {
      client.close();
      tunnel.destroy();
    },
  };
}
