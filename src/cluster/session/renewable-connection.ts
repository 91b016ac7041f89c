import { Failure, type FailureCode } from '../../failure/failure.ts';
import type { AgentConnection } from './agent-connection.ts';
import type { SessionClient } from './session-client.ts';

/** Failures after which a new connection can go on. */
const lostCodes: readonly FailureCode[] = ['connection', 'connectionLost', 'streamCut', 'tunnelFailed'];
/** So many connections in a row may be lost without having received a byte. */
const maxFruitlessRenewals = 5;

export interface Renewal {
  /** Settles when the session has been started: before that, there is no session to come back to. */
  waitForStart: () => Promise<unknown>;
  /** @returns the next connection to the same session. @throws when there will be none. */
  reconnect: (cause: Failure) => Promise<AgentConnection>;
  /** Called when a connection is lost and another one is about to be tried. */
  onLost: (cause: Failure) => void;
  onRestored: () => void;
}

/** The connection of one session: the present one, and the next one when the present one is lost. */
export class RenewableConnection {
  #connection: AgentConnection;
  readonly #renewal: Renewal;
  #renewing: Promise<void> | null = null;
  #fruitlessRenewals = 0;
  #bytesBefore = 0;
  /** Whether a failure is no longer a reason for another connection. */
  #isFinal = false;
  #isClosed = false;

  constructor(connection: AgentConnection, renewal: Renewal) {
    this.#connection = connection;
    this.#renewal = renewal;
  }

  /** The client of the present connection. */
  get client(): SessionClient {
    return this.#connection.client;
  }

  /** ID of the present connection's tunnel, for the audit logs. */
  get tunnelID(): string {
    return this.#connection.tunnel.id;
  }

  /**
   * Waits for another connection, if the present one failed.
   * @param broken the client whose request failed.
   * @param error what it failed with.
   * @returns the client to go on with.
   * @throws the error itself when another connection is of no help to it; what `reconnect` throws.
   */
  async renew(broken: SessionClient, error: unknown): Promise<SessionClient> {
    if (!(error instanceof Failure) || !lostCodes.includes(error.code) || this.#isFinal) throw error;
    if (broken === this.client) {
      this.#renewing ??= this.#renew(error).finally(() => (this.#renewing = null));
    }
    await this.#renewing;
    return this.client;
  }

  /** Keeps the present connection for as long as it lasts, and makes no other one. */
  keepLast(): void {
    this.#isFinal = true;
  }

  /** Closes the present connection, and makes no other one. */
  close(): void {
    this.#isFinal = true;
    this.#isClosed = true;
    this.#connection.close();
  }

  async #renew(cause: Failure): Promise<void> {
    await this.#renewal.waitForStart();
    // A connection that works has received at least the answer to its first request.
    const received = this.#connection.tunnel.receivedBytes;
    this.#fruitlessRenewals = received > this.#bytesBefore ? 0 : this.#fruitlessRenewals + 1;
    if (this.#fruitlessRenewals > maxFruitlessRenewals) throw cause;
    this.#connection.close();
    this.#renewal.onLost(cause);
    const connection = await this.#renewal.reconnect(cause);
    if (this.#isClosed) {
      connection.close();
      throw cause;
    }
    this.#bytesBefore = connection.tunnel.receivedBytes;
    this.#connection = connection;
    this.#renewal.onRestored();
  }
}
