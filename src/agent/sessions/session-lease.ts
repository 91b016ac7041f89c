import { randomUUID } from 'node:crypto';
import { uptime } from 'node:os';
import { ProblemError } from '../../session-api/problem.ts';

/** How often the clock is read: it goes on while the machine sleeps, but timers stand still. */
const maxSleepMs = 5000;

export interface LeaseOptions {
  /** The client that has started the session. */
  client: string;
  /** How long the session outlives the last connection of its holder. */
  graceSeconds: number;
  /** How long a session is kept that starts without a holder; null: the client that started the session holds it. */
  keepSeconds: number | null;
  /** @param lastedSeconds how long the session had no client. */
  onExpired: (lastedSeconds: number) => void;
}

/** Which client holds a session, and how long the session is kept when the client is gone. */
export class SessionLease {
  readonly #options: LeaseOptions;
  /** The client that may come back. */
  #client: string;
  #publicID = randomUUID();
  #seconds: number;
  /** Open requests of the holder: for each kind, the function that ends the request. */
  readonly #requests = new Map<string, () => void>();
  /** On the clock of uptime(); null while a client is connected, and after the session's end. */
  #expiresAtSeconds: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isOver = false;
  #wasDetached: boolean;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#seconds = options.keepSeconds ?? options.graceSeconds;
    this.#wasDetached = options.keepSeconds !== null;
  }

  /** Begins the lease: the session runs, and the client that asked for the session is expected. */
  open(): void {
    this.#renew();
  }

  /**
   * What others may know of the client that holds the session now: an ID that is not the client's. Whoever knew the
   * client's could write and read in its place, and nobody would be told.
   * @returns null when no client holds it.
   */
  get holder(): string | null {
    return this.#requests.size > 0 ? this.#publicID : null;
  }

  /** Whether a client has ever left the session running on purpose. */
  get wasDetached(): boolean {
    return this.#wasDetached;
  }

  get expiresAt(): Date | null {
    if (this.#expiresAtSeconds === null) return null;
    return new Date(Date.now() + (this.#expiresAtSeconds - uptime()) * 1000);
  }

  /** @throws ProblemError `takenOver` when another client has taken the session over since. */
  check(client: string): void {
    if (client === this.#client) return;
    throw new ProblemError(
      'takenOver',
      'another client has taken the session over',
      'Attach to it again to take it back, or watch it with --read-only.',
    );
  }

  /**
   * Counts an open request of the holder. An older request of the same kind is ended: its connection is lost.
   * @param cut ends the request.
   * @returns a function to call when the request is over.
   * @throws ProblemError `takenOver`.
   */
  hold(client: string, kind: string, cut: () => void): () => void {
    this.check(client);
    const older = this.#requests.get(kind);
    this.#requests.set(kind, cut);
    older?.();
    this.#renew();
    return () => {
      if (this.#requests.get(kind) !== cut) return;
      this.#requests.delete(kind);
      this.#renew();
    };
  }

  /**
   * Makes a client the holder of the session. Requests of the holder before are ended.
   * @throws ProblemError `takenOver` when the client may not take the session over, and another client held it last.
   */
  take(client: string, takeOver: boolean): void {
    if (!takeOver) this.check(client);
    if (client !== this.#client) this.#publicID = randomUUID();
    this.#client = client;
    this.#cutAll();
    this.#renew();
  }

  /**
   * Leaves the session without its client, for as long as the client says.
   * @throws ProblemError `takenOver`.
   */
  detach(client: string, keepSeconds: number): void {
    this.check(client);
    this.#seconds = keepSeconds;
    this.#wasDetached = true;
    this.#cutAll();
    this.#renew();
  }

  /** The session has ended: there is nothing to keep. */
  close(): void {
    this.#isOver = true;
    this.#renew();
  }

  #cutAll(): void {
    const cuts = [...this.#requests.values()];
    this.#requests.clear();
    for (const cut of cuts) cut();
  }

  #renew(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const isKept = this.#requests.size > 0 || this.#isOver;
    this.#expiresAtSeconds = isKept ? null : uptime() + this.#seconds;
    if (!isKept) this.#wait();
  }

  #wait(): void {
    // /proc/uptime is CLOCK_BOOTTIME, which counts the time that the machine sleeps. Timers do not.
    const leftMs = ((this.#expiresAtSeconds ?? 0) - uptime()) * 1000;
    if (leftMs <= 0) {
      this.#isOver = true;
      this.#expiresAtSeconds = null;
      this.#options.onExpired(this.#seconds);
      return;
    }
    this.#timer = setTimeout(() => this.#wait(), Math.min(leftMs, maxSleepMs));
    this.#timer.unref();
  }
}
