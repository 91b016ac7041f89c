/** Each step of cleaning up has this long, whatever has run out before. */
const undoLimitMs = 3000;

type UndoStep = (signal: AbortSignal) => Promise<void> | void;

/** One run of a command: what ends it, and what has to be undone then. The first reason to end wins. */
export class Lifetime {
  readonly #controller = new AbortController();
  #undo: UndoStep[] = [];

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the run; a later reason is not heeded. */
  end(reason: Error): void {
    this.#controller.abort(reason);
  }

  /** Has a step run at the end; the last one added runs first. @returns takes it back. */
  defer(step: UndoStep): () => void {
    this.#undo.push(step);
    return () => {
      this.#undo = this.#undo.filter((other) => other !== step);
    };
  }

  /** Waits for something, but not beyond the end. @throws the reason of the end. */
  async race<Value>(work: Promise<Value>): Promise<Value> {
    const { signal } = this;
    const { promise, reject } = Promise.withResolvers<never>();
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true });
    try {
      return await Promise.race([work, promise]);
    } finally {
      signal.removeEventListener('abort', fail);
    }
  }

  /** Undoes everything. What fails in doing so never hides why the command ended. */
  async close(): Promise<void> {
    for (const step of this.#undo.splice(0).toReversed()) {
      try {
        await step(AbortSignal.timeout(undoLimitMs));
      } catch {
        // The agent ends by itself what a client could not.
      }
    }
  }
}
