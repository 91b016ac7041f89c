import { raceAbort } from '../../failure/abort-race.ts';
import { InterruptedError } from '../errors.ts';
import { listIgnoredSignals } from './ignored-signals.ts';

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Limit of each step of cleaning up, whichever limits have expired before. */
const undoLimitMs = 3000;
/** How long a run that was aborted may clean up by itself. */
const settleLimitMs = 10_000;

type UndoStep = (signal: AbortSignal) => Promise<void> | void;

/**
 * One run of a command: what ends the run, and what has to be undone then. A signal to the process ends the run with
 * an InterruptedError. The first reason to end wins.
 */
export class Lifetime {
  readonly #controller = new AbortController();
  readonly #undo = new Set<UndoStep>();
  readonly #ignored = listIgnoredSignals(process.env);
  #interceptInterrupt = (): boolean => false;

  constructor() {
    for (const name of endingSignals) process.on(name, this.#handleSignal);
  }

  /** Aborted when the run ends, with the reason of the end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the run; later reasons are ignored. */
  end(reason: Error): void {
    this.#controller.abort(reason);
  }

  /** Adds a step that is run at the end; the step that was added last runs first. @returns a function that removes it. */
  defer(step: UndoStep): () => void {
    this.#undo.add(step);
    return () => void this.#undo.delete(step);
  }

  /**
   * Offers every SIGINT to a function before it ends the run.
   * @param intercept tells whether it has dealt with the SIGINT.
   * @returns a function that takes the offer back.
   */
  interceptInterrupts(intercept: () => boolean): () => void {
    this.#interceptInterrupt = intercept;
    return () => {
      this.#interceptInterrupt = () => false;
    };
  }

  /** Waits for a result, but not beyond the end of the run. @throws the reason of the end; what `work` rejects with. */
  async race<Value>(work: Promise<Value>): Promise<Value> {
    return await raceAbort(work, this.signal);
  }

  /** Undoes everything. A step that fails never hides why the command ended. */
  async close(): Promise<void> {
    const steps = [...this.#undo].toReversed();
    this.#undo.clear();
    for (const step of steps) {
      try {
        await step(AbortSignal.timeout(undoLimitMs));
      } catch {
        // What a client could not end, the agent ends by itself.
      }
    }
    for (const name of endingSignals) process.off(name, this.#handleSignal);
  }

  readonly #handleSignal = (name: NodeJS.Signals): void => {
    // A handler that does nothing ignores a signal: without a handler, its default action would end the process.
    if (this.#ignored.has(name)) return;
    if (name === 'SIGINT' && this.#interceptInterrupt()) return;
    this.end(new InterruptedError(name));
  };
}

/**
 * Runs a command until it is done, or a signal to the process aborts it, and undoes then what it has deferred. What an
 * aborted run returns or throws does not count: Node and libraries have errors of their own for that, and a run that
 * collects what it can may not notice. The run is waited for, since it may have to clean up, but not for long.
 * @throws InterruptedError; what `run` throws.
 */
export async function runUntilInterrupted<Result>(
  run: (signal: AbortSignal, lifetime: Lifetime) => Promise<Result>,
): Promise<Result> {
  const lifetime = new Lifetime();
  const { signal } = lifetime;
  try {
    return await settle(run(signal, lifetime), signal);
  } finally {
    await lifetime.close();
  }
}

/** @throws the signal's reason, once the work has settled or the limit is over; what `work` rejects with. */
async function settle<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | null = null;
  const limit = () => (timer = setTimeout(() => reject(signal.reason as Error), settleLimitMs));
  signal.addEventListener('abort', limit, { once: true });
  try {
    const result = await Promise.race([work, overdue]);
    signal.throwIfAborted();
    return result;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', limit);
    if (timer !== null) clearTimeout(timer);
  }
}
