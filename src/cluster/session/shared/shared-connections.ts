import { type AgentConnection, type Connect, connectToAgent } from '../agent-connection.ts';

/**
 * How many sessions share one tunnel. Each needs up to four streams of HTTP/2, and an agent allows 256
 * (src/agent/http/server.ts); more sessions get another tunnel.
 */
const maxShares = 60;

interface SharedConnection {
  connection: AgentConnection;
  shares: number;
  /** Whether somebody has given it up before anything came over it. */
  isGivenUp: boolean;
}

/**
 * Connections to agents that many sessions share: one tunnel for each agent. A session closes its share as if the
 * connection were its own; the connections stay for the next sessions. One that is lost is not shared any more: the first
 * session that comes back opens the next one, for all.
 */
export class SharedConnections {
  /** By agent. */
  readonly #all = new Map<string, SharedConnection[]>();

  /** Gives a share of a connection that is there, or opens one. Returns at once, as {@link connectToAgent} does. */
  readonly connect: Connect = (api, agent, { limitMs }) => {
    const key = `${agent.namespace}/${agent.pod}`;
    const usable = (this.#all.get(key) ?? []).filter(
      ({ connection, isGivenUp }) => connection.client.isOpen && !isGivenUp,
    );
    let shared = usable.find(({ shares }) => shares < maxShares);
    if (shared === undefined) {
      const limit = limitMs === undefined ? {} : { limitMs };
      const connection = connectToAgent(api, agent, { mode: 'bulk', ...limit });
      shared = { connection, shares: 0, isGivenUp: false };
      usable.push(shared);
    }
    this.#all.set(key, usable);
    return takeShare(shared);
  };

  /** Closes all connections. */
  close(): void {
    for (const { connection } of [...this.#all.values()].flat()) connection.close();
    this.#all.clear();
  }
}

function takeShare(shared: SharedConnection): AgentConnection {
  const { client, tunnel } = shared.connection;
  shared.shares++;
  let isClosed = false;
  return {
    client,
    tunnel,
    close: () => {
      if (isClosed) return;
      isClosed = true;
      shared.shares--;
      // A proxy on the way may have lost it: the next attempt is made over another one.
      shared.isGivenUp ||= tunnel.receivedBytes === 0;
      if (shared.shares === 0 && (shared.isGivenUp || !client.isOpen)) shared.connection.close();
    },
  };
}
