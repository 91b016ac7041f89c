import { ProblemError } from '../../session-api/problem.ts';
import type { SessionState } from '../../session-api/session-end.ts';
import type { SessionSpec } from '../../session-api/session-spec.ts';
import type { AuditLog } from './audit-log.ts';
import type { PrepareProcess } from './command-process.ts';
import { IdleTimer } from './idle-timer.ts';
import { type BufferClaim, checkAdmission, makeRoom } from './session-admission.ts';
import { Session } from './session.ts';

/** An ended session is kept for a client that was cut off, or that comes back to a detached session. */
const keepEndedMs = 10 * 60 * 1000;
/** Output streams of a session, at most. */
const maxStreams = 2;

interface Entry {
  started: Promise<Session>;
  /** null until the body of the request has been received. */
  spec: SessionSpec | null;
  /** null until the session has started. */
  session: Session | null;
  forgetTimer: NodeJS.Timeout | null;
}

export interface RegistryOptions {
  /** null: the agent never ends by being idle. */
  idleMs: number | null;
  /** How many sessions may run at once. */
  maxSessions: number;
  prepareProcess: PrepareProcess;
  auditLog: AuditLog;
  /** Called once, when no session has run for the idle time. The registry drains from then on. */
  onIdle: () => void;
}

/** All sessions of the agent: it starts them, keeps them for a while after their ends, and knows when none is left. */
export class SessionRegistry {
  readonly #options: RegistryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #idleTimer: IdleTimer;
  #isDraining = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#idleTimer = new IdleTimer(options.idleMs, () => {
      this.#isDraining = true;
      options.onIdle();
    });
    this.#restartIdleTimer();
  }

  /** true once the agent has decided to exit: no further session is started. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /**
   * Starts a session, or joins the start of the session with this ID: a request that is sent twice starts one command.
   * @param readSpec called for a new session only; other requests about the session already wait for its start.
   * @throws ProblemError `draining`, `capacity`; what `readSpec` throws; what makes the start fail.
   */
  async start(id: string, readSpec: () => Promise<SessionSpec>): Promise<Session> {
    const existing = this.#entries.get(id);
    if (existing) return existing.started;
    checkAdmission(this.#countRunning(), this.#options.maxSessions, this.#isDraining);
    const entry: Entry = {
      started: readSpec().then((spec) => {
        entry.spec = spec;
        return this.#startSession(id, spec);
      }),
      ...{ spec: null, session: null, forgetTimer: null },
    };
    this.#entries.set(id, entry);
    this.#restartIdleTimer();
    entry.started.then(
      (session) => this.#adopt(id, entry, session),
      () => this.#forget(id),
    );
    return entry.started;
  }

  /** @throws ProblemError `notFound`, or what made the start of the session fail. */
  async get(id: string): Promise<Session> {
    const entry = this.#entries.get(id);
    if (!entry) throw new ProblemError('notFound', `no session ${id}`, 'Ended sessions are kept for 10 min.');
    return entry.started;
  }

  /** @returns the sessions that have started, oldest first; ended sessions that are still kept are among them. */
  list(): SessionState[] {
    return this.#listSessions().map(({ state }) => state);
  }

  /** Ends every session. @param message why, for the clients. */
  async close(message: string): Promise<void> {
    this.#isDraining = true;
    const sessions = await Promise.allSettled([...this.#entries.values()].map(({ started }) => started));
    await Promise.all(
      sessions.flatMap((result) => (result.status === 'fulfilled' ? [result.value.delete(message)] : [])),
    );
  }

  async #startSession(id: string, spec: SessionSpec): Promise<Session> {
    try {
      for (const forgotten of makeRoom([...this.#entries].map(describeClaim))) this.#forget(forgotten);
      return await Session.start(id, spec, this.#options.prepareProcess);
    } catch (error) {
      this.#options.auditLog.refused(id, spec, error);
      throw error;
    }
  }

  #adopt(id: string, entry: Entry, session: Session): void {
    const { auditLog } = this.#options;
    entry.session = session;
    auditLog.started(session);
    void session.ended.then(() => {
      auditLog.ended(session);
      this.#restartIdleTimer();
      void session.endTold.then(() => this.#restartIdleTimer());
      entry.forgetTimer = setTimeout(() => this.#forget(id), keepEndedMs).unref();
    });
  }

  #forget(id: string): void {
    const timer = this.#entries.get(id)?.forgetTimer;
    if (timer) clearTimeout(timer);
    this.#entries.delete(id);
    this.#restartIdleTimer();
  }

  #listSessions(): Session[] {
    return [...this.#entries.values()].flatMap(({ session }) => (session === null ? [] : [session]));
  }

  #countRunning(): number {
    return [...this.#entries.values()].filter((entry) => !hasEnded(entry)).length;
  }

  /** An agent whose detached session has ended waits for a client that reads the result. */
  #restartIdleTimer(): void {
    const isAwaited = this.#listSessions().some(({ isEndAwaited }) => isEndAwaited);
    this.#idleTimer.restart(this.#countRunning() === 0 && !isAwaited && !this.#isDraining);
  }
}

function hasEnded({ session }: Entry): boolean {
  return session !== null && session.state.end !== null;
}

function describeClaim([id, entry]: [string, Entry]): BufferClaim {
  const { session, spec } = entry;
  const isOver = hasEnded(entry);
  const bytes = isOver ? (session?.heldBytes ?? 0) : (spec?.outputBufferBytes ?? 0) * maxStreams;
  return { id, bytes, hasEnded: isOver };
}
