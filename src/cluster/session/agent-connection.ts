import type { ApiConnection } from '../api/kubeconfig.ts';
import { SessionClient } from './session-client.ts';
import { openTunnel, type Tunnel } from './tunnel.ts';

/** A connection to an agent: the tunnel, and the session API over it. */
export interface SessionConnection {
  client: SessionClient;
  tunnel: Tunnel;
  close(): void;
}

/**
 * Connects to an agent; returned at once, requests wait until it stands.
 * @param bulk whether data is to be carried fast rather than key presses.
 */
export function connectToAgent(
  connection: ApiConnection,
  agent: { namespace: string; pod: string },
  bulk: boolean,
): SessionConnection {
  const tunnel = openTunnel(connection, agent);
  const client = new SessionClient(tunnel, bulk);
  return {
    client,
    tunnel,
    close: () => {
      client.close();
      tunnel.destroy();
    },
  };
}
