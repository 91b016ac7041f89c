import { uptime } from 'node:os';
import { ProblemError } from '../../session-api/problem.ts';

/** Timers stand still while the machine sleeps: how often the clock is looked at, which does not. */
const maxSleepMs = 5000;

export interface LeaseOptions {
  /** The client that has started the session. */
  client: string;
  /** How long the session outlives the last connection of who holds it. */
  graceSeconds: number;
  /** The same for one that nobody shall hold at first; null: the client that started it does. */
  keepSeconds: number | null;
  /** @param lastedSeconds how long nobody was there. */
  onExpired: (lastedSeconds: number) => void;
}

/** Who holds a session, and how long it is kept when that client is gone. */
export class SessionLease {
  readonly #options: LeaseOptions;
  /** The one that may come back. */
  #client: string;
  #seconds: number;
  /** Open requests of the holder by their kind, with what ends each. */
  readonly #requests = new Map<string, () => void>();
  /** On the clock of uptime(); null while somebody is there, or when there is nothing left to keep. */
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

  /** Begins: the session runs, and whoever asked for it can be expected. */
  open(): void {
    this.#renew();
  }

  /** The client that holds the session now; null when none does. */
  get holder(): string | null {
    return this.#requests.size > 0 ? this.#client : null;
  }

  /** Whether it was left running on purpose, at any time. */
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
   * Counts an open request of the holder. An older one of the same kind is ended: its connection is lost.
   * @param cut ends the request.
   * @returns to be called when it is over.
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
   * Makes a client the one that holds the session; requests of the one before are ended.
   * @throws ProblemError `takenOver` when it may not take it over, and another one has held it last.
   */
  take(client: string, takeOver: boolean): void {
    if (!takeOver) this.check(client);
    this.#client = client;
    this.#cutAll();
    this.#renew();
  }

  /**
   * Leaves the session without its client, for as long as that says.
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
    // /proc/uptime, so CLOCK_BOOTTIME: it counts the time that the machine sleeps, as timers do not.
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
