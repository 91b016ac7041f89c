import { setTimeout as delay } from 'node:timers/promises';
import { getErrorMessage } from '../../failure/error-message.ts';
import { exitCodes } from '../../failure/failure.ts';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionEnd, SessionState } from '../../session-api/session-end.ts';
import type { OutputStreamName } from '../../session-api/session-routes.ts';
import type { SessionSpec, TerminalSize } from '../../session-api/session-spec.ts';
import type { CommandProcess, PrepareProcess } from './command-process.ts';
import { OutputBuffer } from './streams/output-buffer.ts';
import { reportError } from './session-errors.ts';
import { SessionLease } from './session-lease.ts';
import { StdinSink } from './streams/stdin-sink.ts';

/** After the command's end its output must be read to its end; a device of the kernel may hold it for ever. */
const drainLimitMs = 30_000;
/** For the end of a failed session to be known: what was to tell it may be what failed. */
const failLimitMs = 5000;

/** One session as clients see it: who holds it, its streams, and how it ended. Made by {@link Session.start}. */
export class Session {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly lease: SessionLease;
  readonly stdin: StdinSink;
  readonly startedAt = new Date();
  /** Connections that read its output now. */
  clients = 0;
  /** How many clients read each output without holding the session. */
  readonly watchers = new Map<OutputStreamName, number>();
  readonly #process: CommandProcess;
  readonly #outputs = new Map<OutputStreamName, OutputBuffer>();
  readonly #ended = Promise.withResolvers<SessionEnd>();
  /** Settles when nobody may ever say how the session ended. */
  readonly #lost = Promise.withResolvers<SessionEnd>();
  readonly #endTold = Promise.withResolvers<void>();
  #isEndTold = false;
  #endedAt: Date | null = null;
  #end: SessionEnd | null = null;

  private constructor(
    id: string,
    spec: SessionSpec,
    process: CommandProcess,
    decideBuffer: (wantedBytes: number) => number,
  ) {
    this.id = id;
    this.spec = spec;
    this.#process = process;
    const { streams } = process;
    const isTerminal = spec.terminal !== null;
    this.stdin = new StdinSink(streams.stdin, isTerminal);
    const options = { capacityBytes: spec.outputBufferBytes, isTerminal, decideBytes: decideBuffer };
    this.#outputs.set('stdout', new OutputBuffer(streams.stdout, options));
    if (streams.stderr) this.#outputs.set('stderr', new OutputBuffer(streams.stderr, options));
    this.lease = new SessionLease({
      client: spec.client,
      graceSeconds: spec.graceSeconds,
      keepSeconds: spec.keepSeconds,
      onExpired: (seconds) => {
        this.delete(`nobody was attached to it for ${seconds} s`).catch(reportError);
      },
    });
  }

  /**
   * Enters the target and starts the command.
   * @param signal ends the start: what of the command is there then is ended, too.
   * @throws ProblemError what `prepare` throws, `bridgeFailed`; the signal's reason. Nothing is left then.
   */
  static async start(
    id: string,
    spec: SessionSpec,
    prepare: PrepareProcess,
    decideBuffer: (wantedBytes: number) => number,
    signal: AbortSignal,
  ): Promise<Session> {
    try {
      const process = await prepare(id, spec, signal);
      const session = new Session(id, { ...spec, target: process.target }, process, decideBuffer);
      await session.#start(signal);
      return session;
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      throw new ProblemError(
        'bridgeFailed',
        `the target could not be entered: ${getErrorMessage(error)}`,
        null,
        { cause: error },
      );
    }
  }

  /** Resolves when no process of the session is left and its outputs are read to their ends; never rejects. */
  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  /** Resolves when a client that held the session knows how it ended. */
  get endTold(): Promise<void> {
    return this.#endTold.promise;
  }

  /** Bytes that have passed through, by stream. */
  get bytes(): Record<string, number> {
    const outputs = [...this.#outputs].map(([name, output]) => [name, output.bytes] as const);
    return { stdin: this.stdin.progress.received, ...Object.fromEntries(outputs) };
  }

  /** Bytes of the agent's memory that the outputs take. */
  get heldBytes(): number {
    return [...this.#outputs.values()].reduce((sum, output) => sum + output.heldBytes, 0);
  }

  get state(): SessionState {
    const { target, command, terminal, stdin, outputBufferBytes, audit } = this.spec;
    return {
      id: this.id,
      ...{ target, command, outputBufferBytes },
      state: this.#end === null ? 'running' : 'ended',
      startedAt: this.startedAt.toISOString(),
      endedAt: this.#endedAt?.toISOString() ?? null,
      end: this.#end,
      claimedUser: audit.claimedUser,
      reason: audit.reason,
      hasTerminal: terminal !== null,
      hasStdin: stdin,
      holder: this.lease.holder,
      clients: this.clients,
      expiresAt: this.lease.expiresAt?.toISOString() ?? null,
      isEndAwaited: this.isEndAwaited,
      warnings: [...this.#process.warnings],
    };
  }

  /** Whether the session was detached and has ended, and no client has read its result, which nothing else keeps. */
  get isEndAwaited(): boolean {
    const hasResult = this.#end !== null && this.#end.reason !== 'deleted';
    return hasResult && this.lease.wasDetached && !this.#isEndTold;
  }

  /** @throws ProblemError `notFound` for stderr of a session with a terminal. */
  output(name: OutputStreamName): OutputBuffer {
    const output = this.#outputs.get(name);
    if (output === undefined)
      throw new ProblemError('notFound', `the session has no ${name}: its terminal has one output`);
    return output;
  }

  /** To be called when a client that held the session knows how it ended. */
  markEndTold(): void {
    this.#isEndTold = true;
    this.#endTold.resolve();
  }

  /** @throws ProblemError `conflict` when the session has no terminal. */
  resize(size: TerminalSize): void {
    const { resize } = this.#process.streams;
    if (resize === null) throw new ProblemError('conflict', 'the session has no terminal');
    resize(size);
  }

  /** Sends a signal to the command. */
  signal(name: NodeJS.Signals): void {
    this.#process.signal(name);
  }

  /**
   * Ends all processes of the session.
   * @param message why, for the clients.
   * @returns resolves when the session has ended.
   */
  async delete(message: string): Promise<void> {
    await this.#process.halt({ reason: 'deleted', message });
    await this.ended;
  }

  /** Ends the session, as an error of it was caught nowhere: nothing is known of it from then on. */
  fail(error: unknown): void {
    const end = describeLoss(error);
    void this.#process
      .halt(end)
      .catch(reportError)
      .then(() => delay(failLimitMs, undefined, { ref: false }))
      .then(() => this.#lost.resolve(end));
  }

  async #start(signal: AbortSignal): Promise<void> {
    try {
      await this.#process.start(signal);
    } catch (error) {
      this.lease.close();
      await this.#process.release();
      throw error;
    }
    if (!this.spec.stdin) this.stdin.end();
    this.lease.open();
    void this.#finish();
  }

  /** Waits for the end and leaves nothing behind but the outputs. Never rejects: other sessions are in this process. */
  async #finish(): Promise<void> {
    try {
      const end = await Promise.race([this.#process.ended, this.#lost.promise]);
      this.#end = await this.#drainOutputs(end);
    } catch (error) {
      reportError(error);
      this.#end = describeLoss(error);
    }
    this.#endedAt = new Date();
    this.lease.close();
    this.#ended.resolve(this.#end);
    await this.#process.release().catch(reportError);
  }

  async #drainOutputs(end: SessionEnd): Promise<SessionEnd> {
    const outputs = [...this.#outputs.values()];
    // A client that has deleted the session does not read on, and what nobody reads would never be drained.
    if (end.reason === 'deleted') for (const output of outputs) output.close();
    const drained = Promise.all(outputs.map((output) => output.drain())).then(() => true);
    const isDrained = await Promise.race([drained, delay(drainLimitMs, false, { ref: false })]);
    if (isDrained || end.reason !== 'exited') return end;
    const message = `not all of its output could be read within ${drainLimitMs / 1000} s`;
    return { ...end, reason: 'failed', message };
  }
}

function describeLoss(error: unknown): SessionEnd {
  const message = `the agent lost control of the session: ${getErrorMessage(error)}`;
  return { reason: 'failed', message, exitCode: exitCodes.failure, warnings: [], leftProcesses: [] };
}
