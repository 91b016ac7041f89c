import { Failure, type FailureCode } from '../../failure/failure.ts';
import type { SessionClient } from './session-client.ts';
import type { SessionConnection } from './agent-connection.ts';

/** What a new connection mends. */
const lostCodes: FailureCode[] = ['connectionLost', 'streamCut', 'tunnelFailed'];
/** Connections that carry nothing are no help. */
const maxFruitlessRenewals = 5;

export interface LinkEvents {
  /** Settles when the session has been started: before, there is nothing to come back to. */
  started: Promise<unknown>;
  /** @returns the next connection to the same session. @throws when there will be none. */
  reconnect: (cause: Failure) => Promise<SessionConnection>;
  onLost: (cause: Failure) => void;
  onRestored: () => void;
}

/** The way to one session: the connection that stands now, and the next one when it is lost. */
export class SessionLink {
  #connection: SessionConnection;
  readonly #events: LinkEvents;
  #renewal: Promise<void> | null = null;
  #fruitlessRenewals = 0;
  #bytesBefore = 0;
  /** Whether what fails from now on is no reason for another connection. */
  #isLeft = false;
  #isClosed = false;

  constructor(connection: SessionConnection, events: LinkEvents) {
    this.#connection = connection;
    this.#events = events;
  }

  get client(): SessionClient {
    return this.#connection.client;
  }

  /**
   * Waits for another connection when what failed is the present one.
   * @param broken the client that failed.
   * @returns the client to go on with.
   * @throws the error itself when no connection mends it, or why there is none.
   */
  async renew(broken: SessionClient, error: unknown): Promise<SessionClient> {
    if (!(error instanceof Failure) || !lostCodes.includes(error.code) || this.#isLeft) throw error;
    if (broken === this.client) {
      this.#renewal ??= this.#reconnect(error).finally(() => (this.#renewal = null));
    }
    await this.#renewal;
    return this.client;
  }

  /** The connection stands as long as it does, but no other one follows. */
  leave(): void {
    this.#isLeft = true;
  }

  /** Ends the connection, and makes no other one. */
  close(): void {
    this.leave();
    this.#isClosed = true;
    this.#connection.close();
  }

  async #reconnect(cause: Failure): Promise<void> {
    await this.#events.started;
    // What came over it was at least the answers that made it stand.
    const received = this.#connection.tunnel.receivedBytes;
    this.#fruitlessRenewals = received > this.#bytesBefore ? 0 : this.#fruitlessRenewals + 1;
    if (this.#fruitlessRenewals > maxFruitlessRenewals) throw cause;
    this.#connection.close();
    this.#events.onLost(cause);
    const connection = await this.#events.reconnect(cause);
    if (this.#isClosed) {
      connection.close();
      throw cause;
    }
    this.#bytesBefore = connection.tunnel.receivedBytes;
    this.#connection = connection;
    this.#events.onRestored();
  }
}
