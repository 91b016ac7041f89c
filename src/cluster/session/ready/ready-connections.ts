import type { ApiConnection } from '../../api/api-connection.ts';
import { type AgentConnection, type Connect, connectToAgent } from '../agent-connection.ts';
import type { ConnectionMode } from '../session-client.ts';
import type { AgentAddress } from '../tunnel.ts';

/** Connections to agents that are opened before there is a session: it then costs one request, and no handshake. */
export class ReadyConnections {
  readonly #mode: ConnectionMode;
  readonly #connectAnew: Connect;
  /** By agent. */
  readonly #ready = new Map<string, AgentConnection>();

  /** @param mode what the session is going to need. */
  constructor(mode: ConnectionMode, connectAnew: Connect = connectToAgent) {
    this.#mode = mode;
    this.#connectAnew = connectAnew;
  }

  /**
   * Opens a connection. Returns at once, as {@link connectToAgent} does.
   * @param onLost is called when the connection ends before a session has taken it, unless nothing ever came over it.
   */
  open(api: ApiConnection, agent: AgentAddress, limitMs: number, onLost: () => void): void {
    const key = describeKey(agent);
    this.#ready.get(key)?.close();
    const connection = this.#connectAnew(api, agent, { mode: this.#mode, limitMs });
    this.#ready.set(key, connection);
    connection.tunnel.once('close', () => {
      if (this.#ready.get(key) !== connection) return;
      this.#ready.delete(key);
      if (connection.tunnel.receivedBytes > 0) onLost();
    });
  }

  /** Gives the connection that is ready to the one session that asks for it first; opens another one for all others. */
  readonly connect: Connect = (api, agent, options) => {
    const key = describeKey(agent);
    const ready = this.#ready.get(key);
    this.#ready.delete(key);
    if (ready?.client.isOpen && options.mode === this.#mode) return ready;
    ready?.close();
    return this.#connectAnew(api, agent, options);
  };

  /** Closes those that no session has taken. */
  close(): void {
    const all = [...this.#ready.values()];
    this.#ready.clear();
    for (const connection of all) connection.close();
  }
}

function describeKey({ namespace, pod }: AgentAddress): string {
  return `${namespace}/${pod}`;
}
