import type { Readable, Writable } from 'node:stream';
import type { ClientSession, SessionOutcome, SessionSinks } from '../../cluster/session/client-session.ts';
import { Failure } from '../../failure/failure.ts';
import { type EscapeAction, escapeHelp, EscapeKeys } from '../../terminal/escape-keys.ts';
import { ProgressLine } from '../../terminal/progress.ts';
import { enterRawMode } from '../../terminal/raw-mode.ts';
import { StatusRow } from '../../terminal/status-row.ts';
import { getWindowSize, watchWindowSize } from '../../terminal/window-size.ts';
import type { Context } from '../context.ts';
import { stepLevel } from '../options/verbosity.ts';
import type { Recording } from './recording.ts';

const requestLimitMs = 5000;

/** What an attachment is made of. */
export interface AttachmentOptions {
  /** `starter`: the session is ours, and ends with us. `holder`: the session was there before. `watcher`: no input. */
  role: 'starter' | 'holder' | 'watcher';
  hasTerminal: boolean;
  hasStdin: boolean;
  /** Where the session's stdout goes. */
  stdout: Writable;
  /** Whether the output may be compressed on its way. */
  compress: boolean;
  /** How long the session is kept after it was detached. */
  keepSeconds: number;
  /** Bytes that detach, instead of Enter ~ d. */
  detachKeys: Buffer | null;
  recording: { to: Recording; withInput: boolean } | null;
  /** Whether nothing but errors is printed. */
  quiet: boolean;
  verbosity: number;
}

/** Our terminal and streams, attached to one session. */
export class TerminalAttachment {
  /** For the session: where its output goes, and who is told what becomes of the connection. */
  readonly sinks: SessionSinks;
  readonly #options: AttachmentOptions;
  readonly #context: Context;
  readonly #status: ProgressLine;
  /** Rejects when the terminal or stdin fails. */
  readonly #failed = Promise.withResolvers<never>();
  #session: ClientSession | null = null;
  #undo: (() => void)[] = [];
  #interrupts = 0;
  #isTerminalTaken = false;

  constructor(options: AttachmentOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    const { hasTerminal, stdout, compress, recording, quiet } = options;
    this.#status = new (hasTerminal ? StatusRow : ProgressLine)(context.stderr, { quiet });
    this.#failed.promise.catch(() => undefined);
    const { stderr } = context;
    this.sinks = {
      stdout: recording?.to.tap(stdout, 'stdout') ?? stdout,
      stderr: hasTerminal ? null : (recording?.to.tap(stderr, 'stderr') ?? stderr),
      compress,
      onBegin: () => this.#takeTerminal(),
      onLost: ({ message }) => {
        this.#status.show('crashcart: connection lost; reconnecting…');
        this.#traceStep(`${message}; reconnecting`);
      },
      onRestored: () => {
        this.#status.clear();
        this.#traceStep('the connection is restored');
        void this.#redraw();
      },
      onGap: (bytes) =>
        this.#tell(`${bytes} bytes of the terminal's output are lost: no client was connected at that time`),
    };
  }

  /**
   * Passes keys, sizes and stdin on until the session ends, or is left.
   * @param session which passes its output to {@link sinks}.
   * @throws the error of a sink; Failure `stdinFailed`, `streamCut`, `streamCorrupt`, `connectionLost`, `sessionLost`,
   *   `agentFailed`; ProblemError; ApiError.
   */
  async run(session: ClientSession): Promise<SessionOutcome> {
    this.#session = session;
    const { role, hasTerminal, hasStdin } = this.#options;
    this.#takeTerminal();
    if (hasTerminal && role !== 'watcher') {
      this.#undo.push(watchWindowSize(this.#context.stdout, (size) => this.#resize(size)));
      if (role === 'holder') void this.#redraw();
    }
    if (hasStdin && role !== 'watcher') this.#sendStdin(session);
    return await Promise.race([session.outcome, this.#failed.promise]);
  }

  /** @returns whether the session has taken Ctrl-C; the second time it is for us. */
  passInterrupt(): boolean {
    if (this.#session === null || this.#options.role === 'watcher' || this.#interrupts++ > 0) return false;
    this.#session.signal('SIGINT').catch(() => undefined);
    return true;
  }

  /**
   * Does with the session what is to be done when we end before it: a session that we started is ended, one that was
   * there before goes on.
   * @throws ProblemError; what broke the connection; the signal's reason.
   */
  async part(signal: AbortSignal): Promise<void> {
    const { role, keepSeconds } = this.#options;
    if (role === 'holder') await this.#session?.detach(keepSeconds);
    else if (role === 'starter' && this.#session?.isLeft === false) await this.#end(signal);
  }

  /** Says that the session was left. */
  tellDetached(message: string): void {
    const { hasTerminal, quiet } = this.#options;
    if (hasTerminal) this.#context.stderr.write('\n');
    if (!quiet) this.#context.reporter.tell(message);
  }

  /** Gives the terminal back as it was. */
  close(): void {
    this.#status.clear();
    for (const undo of this.#undo.splice(0)) undo();
  }

  /** Before the first output, as the remote terminal has put its carriage returns into it already. */
  #takeTerminal(): void {
    const { role, hasTerminal } = this.#options;
    if (!hasTerminal || role === 'watcher' || this.#isTerminalTaken) return;
    this.#isTerminalTaken = true;
    this.#undo.push(enterRawMode(this.#context.stdin));
  }

  async #end(signal: AbortSignal): Promise<void> {
    this.close();
    await this.#session?.delete(signal);
  }

  /** Has the program on the terminal draw everything again, by two changes of the size. */
  async #redraw(): Promise<void> {
    if (!this.#options.hasTerminal || this.#options.role === 'watcher') return;
    const size = getWindowSize(this.#context.stdout);
    await this.#sendSize({ ...size, rows: Math.max(1, size.rows - 1) });
    await this.#sendSize(size);
  }

  #sendStdin(session: ClientSession): void {
    session.sendStdin(this.#openInput()).catch((error: unknown) => {
      // Other failures show in the outputs, or do not matter: the command need not read all of stdin.
      if (error instanceof Failure && error.code === 'stdinFailed') this.#failed.reject(error);
    });
  }

  #openInput(): Readable {
    const { stdin } = this.#context;
    const { recording, hasTerminal, detachKeys } = this.#options;
    let input: Readable = stdin;
    if (hasTerminal && stdin.isTTY) {
      const keys = new EscapeKeys((action) => this.#act(action), detachKeys);
      input = stdin.pipe(keys);
      // A pipe does not pass errors on.
      const fail = (error: Error) => keys.destroy(error);
      stdin.once('error', fail);
      this.#undo.push(() => stdin.off('error', fail).unpipe(keys).pause());
    }
    if (recording?.withInput) input.on('data', (chunk: Buffer) => recording.to.input(chunk)).pause();
    return input;
  }

  #act(action: EscapeAction): void {
    const act = async () => {
      if (action === 'help') this.#tell(escapeHelp.join('\r\n'));
      else if (action === 'end') await this.#end(AbortSignal.timeout(requestLimitMs));
      else await this.#session?.detach(this.#options.keepSeconds);
    };
    act().catch((error: unknown) => this.#failed.reject(error));
  }

  #resize(size: { columns: number; rows: number }): void {
    this.#options.recording?.to.resize(size);
    void this.#sendSize(size);
  }

  async #sendSize(size: { columns: number; rows: number }): Promise<void> {
    await this.#session?.resize(size).catch(() => undefined);
  }

  #traceStep(line: string): void {
    if (this.#options.verbosity >= stepLevel) this.#context.reporter.tell(line);
  }

  /** Writes for a terminal in raw mode, where a new line does not begin in the first column. */
  #tell(text: string): void {
    const end = this.#options.hasTerminal ? '\r\n' : '\n';
    this.#context.stderr.write(`${this.#options.hasTerminal ? '\r\n' : ''}${text}${end}`);
  }
}
