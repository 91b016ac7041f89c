/** Calls back once, when the agent has had nothing to do for its idle time. */
export class IdleTimer {
  readonly #idleMs: number | null;
  readonly #onIdle: () => void;
  #timer: NodeJS.Timeout | null = null;

  /** @param idleMs null: it never calls back. */
  constructor(idleMs: number | null, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
  }

  /** Begins the idle time anew, or stops it while the agent has something to do. */
  restart(isIdle: boolean): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = isIdle && this.#idleMs !== null ? setTimeout(this.#onIdle, this.#idleMs) : null;
  }
}
