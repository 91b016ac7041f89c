import { ProblemError } from '../../session-api/problem.ts';
import type { SessionSpec } from '../../session-api/session-spec.ts';
import type { Session } from './session.ts';
import { reportError } from './session-errors.ts';

/** From the request's body to the command. Below the 30 s after which the client gives its request up. */
export const startLimitMs = 25_000;

/**
 * The start of one session. It ends with the session or with an error, in time: its client is not kept waiting for what
 * hangs. It is cancelled when no client waits for it any longer. What is cancelled never runs its command.
 */
export class SessionStart {
  /** The session, once its command runs. Rejects with what `readSpec` or `startSession` throws, or what cancelled it. */
  readonly session: Promise<Session>;
  /** Resolves when the start is over, and nothing is left of one that failed; never rejects. */
  readonly settled: Promise<void>;
  readonly #cancelling = new AbortController();
  /** The requests of clients that wait for it. */
  readonly #requests = new Set<AbortSignal>();
  #spec: SessionSpec | null = null;
  #specBytes = 0;
  #state: 'pending' | 'started' | 'failed' = 'pending';

  /**
   * @param readSpec reads the body of the request.
   * @param startSession does the work; it has to leave nothing behind when it throws.
   */
  constructor(
    readSpec: () => Promise<SessionSpec>,
    startSession: (spec: SessionSpec, signal: AbortSignal) => Promise<Session>,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<Session>();
    this.session = promise;
    // Whoever waits for it is told; there may be nobody.
    promise.catch(() => undefined);
    const { signal } = this.#cancelling;
    signal.addEventListener('abort', () => this.#fail(signal.reason, reject), { once: true });
    this.settled = this.#run(readSpec, startSession).then(
      async (session) => {
        if (this.#state === 'failed') await session.delete('its start was cancelled').catch(reportError);
        else {
          this.#state = 'started';
          resolve(session);
        }
      },
      (error: unknown) => this.#fail(error, reject),
    );
  }

  get state(): 'pending' | 'started' | 'failed' {
    return this.#state;
  }

  /** What is to be started; null until the body of the request has been received. */
  get spec(): SessionSpec | null {
    return this.#spec;
  }

  /** Roughly what the spec takes of the agent's memory. */
  get specBytes(): number {
    return this.#specBytes;
  }

  /** Counts a request as one that waits for the start. @param request is aborted when its client is gone. */
  join(request: AbortSignal): void {
    this.#requests.add(request);
    const leave = () => {
      this.#requests.delete(request);
      if (this.#requests.size === 0)
        this.cancel(new ProblemError('conflict', 'the session was not started, as its client is gone'));
    };
    request.addEventListener('abort', leave, { once: true });
    if (request.aborted) leave();
  }

  /** Ends a start that is not over. @param reason what the requests for the session are answered with. */
  cancel(reason: ProblemError): void {
    if (this.#state === 'pending') this.#cancelling.abort(reason);
  }

  #fail(error: unknown, reject: (error: unknown) => void): void {
    this.#state = 'failed';
    reject(error);
  }

  async #run(
    readSpec: () => Promise<SessionSpec>,
    startSession: (spec: SessionSpec, signal: AbortSignal) => Promise<Session>,
  ): Promise<Session> {
    const { signal } = this.#cancelling;
    this.#spec = await readSpec();
    this.#specBytes = JSON.stringify(this.#spec).length;
    signal.throwIfAborted();
    const waitMs = (this.#spec.catch?.waitSeconds ?? 0) * 1000;
    const timer = setTimeout(() => this.cancel(describeTimeout()), waitMs + startLimitMs);
    try {
      return await startSession(this.#spec, signal);
    } finally {
      clearTimeout(timer);
    }
  }
}

function describeTimeout(): ProblemError {
  return new ProblemError(
    'targetNotResponding',
    `the command could not be started in the target within ${startLimitMs / 1000} s`,
    'A file system of the target may hang, such as that of --workdir, or the node is overloaded.',
  );
}
