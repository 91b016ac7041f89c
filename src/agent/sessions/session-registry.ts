import { ProblemError } from '../../session/problem.ts';
import type { SessionState } from '../../session/session-end.ts';
import type { SessionSpec } from '../../session/session-spec.ts';
import type { AgentConfig } from '../agent-config.ts';
import { Session } from './session.ts';

/** An ended session can still be read, so that a client that was cut off learns its end. */
const keepEndedMs = 60_000;

interface Entry {
  started: Promise<Session>;
  session: Session | null;
  /** Open requests about it: while there is one, its client is there. */
  clients: number;
  graceTimer: NodeJS.Timeout | null;
}

/** All sessions of the agent, and when it has nothing left to do. */
export class SessionRegistry {
  readonly #config: AgentConfig;
  readonly #maxSessions: number;
  readonly #onIdle: () => void;
  readonly #entries = new Map<string, Entry>();
  #idleTimer: NodeJS.Timeout | null = null;
  draining = false;

  /**
   * @param maxSessions how many may run at once.
   * @param onIdle called once, when no session has run for the idle time; the registry drains from then on.
   */
  constructor(config: AgentConfig, maxSessions: number, onIdle: () => void) {
    this.#config = config;
    this.#maxSessions = maxSessions;
    this.#onIdle = onIdle;
    this.#updateIdleTimer();
  }

  /**
   * Starts a session, or joins the start of the one with this id: a request sent twice runs nothing twice.
   * @param spec read while other requests about the session already wait for it.
   */
  start(id: string, spec: Promise<SessionSpec>): Promise<Session> {
    const existing = this.#entries.get(id);
    if (existing) {
      spec.catch(() => undefined);
      return existing.started;
    }
    const refusal = this.#findRefusal();
    if (refusal !== null) {
      spec.catch(() => undefined);
      throw refusal;
    }
    const entry: Entry = {
      started: spec.then((value) => Session.start(id, value, this.#config)),
      session: null,
      clients: 0,
      graceTimer: null,
    };
    this.#entries.set(id, entry);
    this.#updateIdleTimer();
    entry.started.then(
      (session) => this.#adopt(id, entry, session),
      () => this.#forget(id),
    );
    return entry.started;
  }

  /** @throws ProblemError `notFound`, or what made its start fail. */
  get(id: string): Promise<Session> {
    const entry = this.#entries.get(id);
    if (!entry) throw new ProblemError('notFound', `no session ${id}`);
    return entry.started;
  }

  list(): SessionState[] {
    return [...this.#entries.values()].flatMap(({ session }) => (session === null ? [] : [session.state]));
  }

  /** Counts a client's open request about a session, until the returned function is called. */
  hold(id: string): () => void {
    const entry = this.#entries.get(id);
    if (!entry) return () => undefined;
    entry.clients++;
    this.#updateGraceTimer(entry);
    return () => {
      entry.clients--;
      this.#updateGraceTimer(entry);
    };
  }

  /** Ends every session. */
  async close(message: string): Promise<void> {
    this.draining = true;
    const sessions = await Promise.allSettled([...this.#entries.values()].map(({ started }) => started));
    await Promise.all(
      sessions.flatMap((result) => (result.status === 'fulfilled' ? [result.value.delete(message)] : [])),
    );
  }

  #adopt(id: string, entry: Entry, session: Session): void {
    entry.session = session;
    this.#updateGraceTimer(entry);
    void session.ended.then(() => {
      this.#updateIdleTimer();
      setTimeout(() => this.#forget(id), keepEndedMs).unref();
    });
  }

  #forget(id: string): void {
    this.#entries.delete(id);
    this.#updateIdleTimer();
  }

  #updateGraceTimer(entry: Entry): void {
    if (entry.graceTimer) clearTimeout(entry.graceTimer);
    entry.graceTimer = null;
    const { session } = entry;
    if (entry.clients > 0 || session === null || session.state.end !== null) return;
    entry.graceTimer = setTimeout(() => void session.delete('its client was gone'), this.#config.graceMs);
    entry.graceTimer.unref();
  }

  #findRefusal(): ProblemError | null {
    if (this.draining) {
      return new ProblemError('draining', 'the agent is about to exit', 'Try again: another one is made.');
    }
    if (this.#countRunning() < this.#maxSessions) return null;
    return new ProblemError(
      'capacity',
      `the agent of this node already holds ${this.#maxSessions} sessions, as many as its memory limit allows`,
      'Wait until one of them ends.',
    );
  }

  #countRunning(): number {
    return [...this.#entries.values()].filter(({ session }) => session === null || session.state.end === null)
      .length;
  }

  #updateIdleTimer(): void {
    if (this.#idleTimer) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    if (this.#countRunning() > 0 || this.draining) return;
    this.#idleTimer = setTimeout(() => {
      this.draining = true;
      this.#onIdle();
    }, this.#config.idleMs);
  }
}
