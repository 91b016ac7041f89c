import { setTimeout as delay } from 'node:timers/promises';
import { getErrorMessage } from '../../failure/error-message.ts';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionState } from '../../session-api/session-end.ts';
import type { SessionSpec } from '../../session-api/session-spec.ts';
import type { AuditLog } from './audit-log.ts';
import type { PrepareProcess } from './command-process.ts';
import { runOwned } from './error-owner.ts';
import { IdleTimer } from './idle-timer.ts';
import {
  type BufferClaim,
  checkAdmission,
  decideBufferBytes,
  makeRoom,
} from './admission/session-admission.ts';
import type { WaitingLine } from './admission/waiting-line.ts';
import { SessionStart } from './session-start.ts';
import { Session } from './session.ts';

/** An ended session is kept for a client that was cut off, or that comes back to a detached session. */
const keepEndedMs = 10 * 60 * 1000;
/** More starts than are on their way to one agent; each takes its ID's few bytes. */
const maxCancelled = 10_000;
/** Characters of a command in the list of sessions. */
const maxListedCommandLength = 4096;
/** For a cancelled start to leave nothing behind: a process of it may hang in the kernel. */
const undoLimitMs = 10_000;

interface Entry {
  start: SessionStart;
  /** null until the session has started. */
  session: Session | null;
  forgetTimer: NodeJS.Timeout | null;
}

export interface RegistryOptions {
  /** null: the agent never ends by being idle. */
  idleMs: number | null;
  /** How many sessions may run at once. */
  maxSessions: number;
  /** Where a session waits for memory. */
  line: Pick<WaitingLine, 'enter'>;
  prepareProcess: PrepareProcess;
  auditLog: AuditLog;
  /** Called once, when no session has run for the idle time, or a client retires the agent. It drains from then on. */
  onIdle: () => void;
}

/** All sessions of the agent: it starts them, keeps them for a while after their ends, and knows when none is left. */
export class SessionRegistry {
  readonly #options: RegistryOptions;
  readonly #entries = new Map<string, Entry>();
  /** IDs of sessions that were ended before they were asked for, the oldest first. */
  readonly #cancelled = new Set<string>();
  /** By sessions whose start has failed, and has been asked for again: resolves once the next start is known. */
  readonly #restarts = new Map<string, Promise<void>>();
  readonly #idleTimer: IdleTimer;
  #isDraining = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#idleTimer = new IdleTimer(options.idleMs, () => this.#drain());
    this.#restartIdleTimer();
  }

  /** true once the agent has decided to exit: no further session is started. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /**
   * Starts a session, or joins the start of the session with this ID: a request that is sent twice starts one command.
   * @param readSpec called for a new session only; other requests about the session already wait for its start.
   * @param request aborted when the client is gone: a start that no client waits for is cancelled.
   * @throws ProblemError `draining`, `capacity`, `targetNotResponding`, `conflict` when it is cancelled, or was ended already; what `readSpec`
   *   throws; what makes the start fail.
   */
  async start(id: string, readSpec: () => Promise<SessionSpec>, request: AbortSignal): Promise<Session> {
    const isRestart = this.#entries.get(id)?.start.state === 'failed';
    const joining = this.#join(id, readSpec, request);
    if (isRestart) {
      const forget = () => void this.#restarts.delete(id);
      this.#restarts.set(id, joining.then(forget, forget));
    }
    const start = await joining;
    return await start.session;
  }

  async #join(id: string, readSpec: () => Promise<SessionSpec>, request: AbortSignal): Promise<SessionStart> {
    // No turn may pass before a new start is known: the requests for its streams come together with this one.
    if (this.#cancelled.has(id))
      throw new ProblemError('conflict', `session ${id} was ended before its start`);
    let existing = this.#entries.get(id)?.start;
    for (; existing?.state === 'failed'; existing = this.#entries.get(id)?.start)
      await this.#waitForUndo(existing);
    if (existing) {
      existing.join(request);
      return existing;
    }
    this.#checkAdmission(this.#countPlaces());
    const start = runOwned(
      { name: `session ${id}`, fail: (error) => this.#fail(id, error) },
      () => new SessionStart(readSpec, (spec, signal) => this.#startSession(id, spec, signal)),
    );
    const entry: Entry = { start, session: null, forgetTimer: null };
    this.#entries.set(id, entry);
    this.#restartIdleTimer();
    start.session.then(
      (session) => this.#adopt(id, entry, session),
      (error: unknown) => {
        if (start.spec !== null) this.#options.auditLog.refused(id, start.spec, error);
        // Its place is free from now on.
        this.#restartIdleTimer();
      },
    );
    void start.settled.then(() => {
      if (start.state === 'failed') this.#forget(id);
    });
    start.join(request);
    return start;
  }

  /** @throws ProblemError `notFound`, or what made the start of the session fail. */
  async get(id: string): Promise<Session> {
    // Its client means the start that it has asked for again, over another connection.
    await this.#restarts.get(id);
    const entry = this.#entries.get(id);
    if (!entry) throw new ProblemError('notFound', `no session ${id}`, 'Ended sessions are kept for 10 min.');
    return entry.start.session;
  }

  /**
   * Ends a session, or cancels its start. A session that has not started never starts later: over another connection,
   * the request that starts it may come after the one that ends it.
   * @param message why, for the clients.
   * @returns the session, which has ended.
   * @throws ProblemError `notFound` when there is no session, or none any more: it had not started.
   */
  async delete(id: string, message: string): Promise<Session> {
    const start = this.#entries.get(id)?.start;
    if (start === undefined || start.state === 'pending') this.#cancel(id);
    if (start?.state === 'pending') {
      start.cancel(new ProblemError('conflict', `the session was not started: ${message}`));
      await Promise.race([start.settled, delay(undoLimitMs, undefined, { ref: false })]);
      throw new ProblemError('notFound', `the session ${id} had not started, and will not`);
    }
    const session = await this.get(id);
    await session.delete(message);
    return session;
  }

  /**
   * Has the agent exit, as after its idle time, unless a session runs, starts, or has a result that nobody has read.
   * @returns whether the agent exits.
   */
  retire(): boolean {
    if (this.#isInUse()) return false;
    if (!this.#isDraining) this.#drain();
    return true;
  }

  /**
   * @returns the sessions that have started, oldest first; ended sessions that are still kept are among them. Of a long
   *   command only the beginning is there.
   */
  list(): SessionState[] {
    return this.#listSessions().map(({ state }) => ({
      ...state,
      command: state.command && shortenCommand(state.command),
    }));
  }

  /** Ends every session. @param message why, for the clients. */
  async close(message: string): Promise<void> {
    this.#isDraining = true;
    const starts = [...this.#entries.values()].map(({ start }) => start);
    for (const start of starts) start.cancel(new ProblemError('draining', message));
    await Promise.all(
      starts.map((start) =>
        start.session.then(
          (session) => session.delete(message),
          () => start.settled,
        ),
      ),
    );
  }

  #drain(): void {
    this.#isDraining = true;
    this.#options.onIdle();
  }

  #cancel(id: string): void {
    this.#cancelled.add(id);
    const [oldest] = this.#cancelled;
    if (this.#cancelled.size > maxCancelled && oldest !== undefined) this.#cancelled.delete(oldest);
  }

  /** Waits until nothing is left of a failed start. @throws ProblemError `conflict` when that does not end in time. */
  async #waitForUndo(start: SessionStart): Promise<void> {
    const undone = start.settled.then(() => true);
    if (await Promise.race([undone, delay(undoLimitMs, false, { ref: false })])) return;
    throw new ProblemError(
      'conflict',
      'an earlier start of this session is still being undone',
      'Try again.',
    );
  }

  #checkAdmission(others: number): void {
    checkAdmission(others, this.#options.maxSessions, this.#isDraining);
  }

  async #startSession(id: string, spec: SessionSpec, signal: AbortSignal): Promise<Session> {
    // Again, as others may have come while its body was received.
    this.#checkAdmission(this.#countPlaces() - 1);
    await this.#options.line.enter(signal);
    for (const forgotten of makeRoom([...this.#entries].map(describeClaim))) this.#forget(forgotten);
    return await Session.start(id, spec, this.#options.prepareProcess, this.#decideBuffer, signal);
  }

  readonly #decideBuffer = (wantedBytes: number): number => {
    const held = this.#listSessions().reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    return decideBufferBytes(wantedBytes, held);
  };

  /** An error of the session's was caught nowhere. */
  #fail(id: string, error: unknown): void {
    const entry = this.#entries.get(id);
    const message = `the agent lost control of the session: ${getErrorMessage(error)}`;
    entry?.start.cancel(new ProblemError('internal', message));
    entry?.session?.fail(error);
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

  /** Counts the sessions that start or run. A client that has sent no body yet, and may never, takes no place. */
  #countPlaces(): number {
    return this.#listBusy().filter(({ start }) => start.spec !== null).length;
  }

  #listBusy(): Entry[] {
    return [...this.#entries.values()].filter((entry) => !hasEnded(entry));
  }

  /** An agent whose detached session has ended waits for a client that reads the result. */
  #isInUse(): boolean {
    return this.#listBusy().length > 0 || this.#listSessions().some(({ isEndAwaited }) => isEndAwaited);
  }

  #restartIdleTimer(): void {
    this.#idleTimer.restart(!this.#isInUse() && !this.#isDraining);
  }
}

/** A start that has failed counts no longer, even if something of it is still to be undone. */
function hasEnded({ start, session }: Entry): boolean {
  return start.state === 'failed' || (session !== null && session.state.end !== null);
}

/** A list of all sessions is one answer; `execve` takes 2 MiB for each. */
function shortenCommand(command: string[]): string[] {
  let left = maxListedCommandLength;
  const shortened: string[] = [];
  for (const argument of command) {
    if (left <= 0) return [...shortened, '…'];
    shortened.push(argument.length > left ? `${argument.slice(0, left)}…` : argument);
    left -= argument.length + 1;
  }
  return shortened;
}

function describeClaim([id, entry]: [string, Entry]): BufferClaim {
  const { session, start } = entry;
  const bytes = (session?.heldBytes ?? 0) + start.specBytes;
  return { id, bytes, hasEnded: hasEnded(entry) };
}
