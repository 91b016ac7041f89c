/** Work that all who want its result at the same time share. It ends when the last of them no longer waits. */
export class SharedRun<Value> {
  #running: { work: Promise<Value>; controller: AbortController; waiters: number } | null = null;

  /**
   * Waits for the work that is running; without one, starts it.
   * @param signal of this waiter alone.
   * @throws what the work rejects with; the signal's reason.
   */
  async join(start: (signal: AbortSignal) => Promise<Value>, signal: AbortSignal): Promise<Value> {
    signal.throwIfAborted();
    const running = (this.#running ??= this.#start(start));
    running.waiters++;
    const { promise, reject } = Promise.withResolvers<never>();
    const leave = () => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([running.work, promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      if (--running.waiters === 0) running.controller.abort(signal.reason);
    }
  }

  #start(start: (signal: AbortSignal) => Promise<Value>) {
    const controller = new AbortController();
    const work = start(controller.signal).finally(() => (this.#running = null));
    work.catch(() => undefined);
    return { work, controller, waiters: 0 };
  }
}
