import { ProblemError } from '../../session-api/problem.ts';
import type { SessionState } from '../../session-api/session-end.ts';
import { type SessionSpec, maxOutputBufferBytes } from '../../session-api/session-spec.ts';
import type { AgentConfig } from '../agent-config.ts';
import { auditLog } from './audit-log.ts';
import { Session } from './session.ts';

/** An ended session can still be asked for: by a client that was cut off, or that comes back to a detached one. */
const keepEndedMs = 10 * 60 * 1000;
/** Of all outputs together, those of ended sessions too. */
const maxBufferBytes = 4 * maxOutputBufferBytes;
/** Output streams of a session, at most. */
const maxStreams = 2;

interface Entry {
  started: Promise<Session>;
  /** null until it has been received. */
  spec: SessionSpec | null;
  session: Session | null;
  forgetTimer: NodeJS.Timeout | null;
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
   * @param readSpec called for a new session only; other requests about the session already wait for its start.
   */
  start(id: string, readSpec: () => Promise<SessionSpec>): Promise<Session> {
    const existing = this.#entries.get(id);
    if (existing) return existing.started;
    const refusal = this.#findRefusal();
    if (refusal !== null) throw refusal;
    const entry: Entry = {
      started: readSpec().then((spec) => {
        entry.spec = spec;
        return this.#startSession(id, spec);
      }),
      spec: null,
      session: null,
      forgetTimer: null,
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
    if (!entry) throw new ProblemError('notFound', `no session ${id}`, 'Ended sessions are kept for 10 min.');
    return entry.started;
  }

  /** @returns the sessions that have started, those that ended and are still kept too, oldest first. */
  list(): SessionState[] {
    return this.#listSessions().map(({ state }) => state);
  }

  /** Ends every session. */
  async close(message: string): Promise<void> {
    this.draining = true;
    const sessions = await Promise.allSettled([...this.#entries.values()].map(({ started }) => started));
    await Promise.all(
      sessions.flatMap((result) => (result.status === 'fulfilled' ? [result.value.delete(message)] : [])),
    );
  }

  async #startSession(id: string, spec: SessionSpec): Promise<Session> {
    try {
      this.#makeRoom();
      return await Session.start(id, spec, this.#config);
    } catch (error) {
      auditLog.refused(id, spec, error);
      throw error;
    }
  }

  #adopt(id: string, entry: Entry, session: Session): void {
    entry.session = session;
    auditLog.started(session);
    void session.ended.then(() => {
      auditLog.ended(session);
      this.#updateIdleTimer();
      void session.endTold.then(() => this.#updateIdleTimer());
      entry.forgetTimer = setTimeout(() => this.#forget(id), keepEndedMs).unref();
    });
  }

  #forget(id: string): void {
    const timer = this.#entries.get(id)?.forgetTimer;
    if (timer) clearTimeout(timer);
    this.#entries.delete(id);
    this.#updateIdleTimer();
  }

  /** Forgets the oldest ended sessions where those that run or start need their memory. @throws ProblemError `capacity`. */
  #makeRoom(): void {
    const countBytes = () =>
      [...this.#entries.values()].reduce((sum, entry) => sum + countBufferBytes(entry), 0);
    for (const session of this.#listSessions().filter(({ state }) => state.end !== null)) {
      if (countBytes() <= maxBufferBytes) return;
      this.#forget(session.id);
    }
    if (countBytes() <= maxBufferBytes) return;
    throw new ProblemError(
      'capacity',
      `the outputs of the sessions on this node would take more than ${maxBufferBytes / 1024 / 1024} MiB`,
      'Wait until one of them ends, or ask for a smaller --output-buffer.',
    );
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

  #listSessions(): Session[] {
    return [...this.#entries.values()].flatMap(({ session }) => (session === null ? [] : [session]));
  }

  #countRunning(): number {
    return [...this.#entries.values()].filter(({ session }) => session === null || session.state.end === null)
      .length;
  }

  #updateIdleTimer(): void {
    if (this.#idleTimer) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    const { idleMs } = this.#config;
    if (idleMs === null || this.#countRunning() > 0 || this.draining) return;
    if (this.#listSessions().some(({ isEndAwaited }) => isEndAwaited)) return;
    this.#idleTimer = setTimeout(() => {
      this.draining = true;
      this.#onIdle();
    }, idleMs);
  }
}

/** What a session's outputs take, or may come to take. */
function countBufferBytes({ session, spec }: Entry): number {
  if (session !== null && session.state.end !== null) return session.heldBytes;
  return spec === null ? 0 : spec.outputBufferBytes * maxStreams;
}
