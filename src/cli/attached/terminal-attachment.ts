import type { Readable, Writable } from 'node:stream';
import { Failure } from '../../failure/failure.ts';
import { OutputAcknowledger } from '../../cluster/session/output-acknowledger.ts';
import { OutputReader } from '../../cluster/session/output-reader.ts';
import type { SessionLink } from '../../cluster/session/client-session.ts';
import { StdinSender } from '../../cluster/session/stdin-sender.ts';
import type { SessionEnd } from '../../session-api/session-end.ts';
import type { OutputStreamName } from '../../session-api/session-routes.ts';
import type { StreamTrailers } from '../../session-api/stream-trailers.ts';
import { type EscapeAction, escapeHelp, EscapeKeys } from '../../terminal/escape-keys.ts';
import { enterRawMode } from '../../terminal/raw-mode.ts';
import { getWindowSize, watchWindowSize } from '../../terminal/window-size.ts';
import type { Context } from '../context.ts';
import { OutputClosedError } from '../errors.ts';
import type { Recording } from './recording.ts';

const requestLimitMs = 5000;

export interface AttachmentOptions {
  sessionID: string;
  /** Our client's ID; null: only to watch. */
  client: string | null;
  hasTerminal: boolean;
  hasStdin: boolean;
  /** false: the session is one that others have started; its past is theirs. */
  isNew: boolean;
  /** Takes the place of our stdout. */
  output: Writable | null;
  compress: boolean;
  outputBufferBytes: number;
  /** How long the session is kept when we leave it. */
  keepSeconds: number;
  /** Bytes that detach, in place of Enter ~ d. */
  detachKeys: Buffer | null;
  recording: { to: Recording; withInput: boolean } | null;
}

/** How an attachment ended: with its session, or before it. */
export type AttachmentEnd = { kind: 'ended'; end: SessionEnd } | { kind: 'detached' };

/** Joins a session with our own streams and terminal. */
export class SessionAttachment {
  readonly #link: SessionLink;
  readonly #options: AttachmentOptions;
  readonly #context: Context;
  readonly #acknowledger: OutputAcknowledger | null;
  readonly #outputs: Promise<StreamTrailers[]>;
  readonly #left = Promise.withResolvers<AttachmentEnd>();
  #undo: (() => void)[] = [];
  #interrupts = 0;
  #isLeaving = false;

  /** Asks for the outputs at once, along with the request that starts the session; stdin has to wait. */
  constructor(link: SessionLink, options: AttachmentOptions, context: Context) {
    this.#link = link;
    this.#options = options;
    this.#context = context;
    const { client, sessionID } = options;
    this.#acknowledger =
      client === null
        ? null
        : new OutputAcknowledger(options.outputBufferBytes, (offsets) =>
            link.client.acknowledge(sessionID, client, offsets, AbortSignal.timeout(requestLimitMs)),
          );
    const names: OutputStreamName[] = options.hasTerminal ? ['stdout'] : ['stdout', 'stderr'];
    this.#outputs = Promise.all(names.map((name) => this.#read(name)));
    this.#outputs.catch(() => undefined);
  }

  /**
   * Passes everything on until the session ends, or is left.
   * @throws OutputClosedError; Failure `streamCut`, `streamCorrupt`, `stdinFailed`, `connectionLost`, `sessionLost`;
   *   ProblemError.
   */
  async run(): Promise<AttachmentEnd> {
    const { hasTerminal, hasStdin, client, isNew } = this.#options;
    if (hasTerminal && client !== null) {
      this.#undo.push(
        enterRawMode(this.#context.stdin),
        watchWindowSize(this.#context.stdout, (size) => this.#resize(size)),
      );
      if (!isNew) void this.redraw();
    }
    if (hasStdin && client !== null) this.#sendStdin(client);
    const ended = this.#outputs.then(
      ([trailers]): AttachmentEnd => ({ kind: 'ended', end: (trailers as StreamTrailers).end }),
      (error: unknown) => {
        // The agent cuts the outputs before it answers that it has let us go.
        if (this.#isLeaving) return this.#left.promise;
        throw error;
      },
    );
    return await Promise.race([ended, this.#left.promise]);
  }

  /** Whether the session is to go on without us: it is not ended then, even if the agent has not answered. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** @returns whether the session has taken Ctrl-C; the second time it is for us. */
  passInterrupt(): boolean {
    if (this.#options.client === null || this.#interrupts++ > 0) return false;
    this.#link.client
      .signal(this.#options.sessionID, 'SIGINT', AbortSignal.timeout(requestLimitMs))
      .catch(() => undefined);
    return true;
  }

  /** Has the program on the terminal draw everything again: what size it finds does not matter. */
  async redraw(): Promise<void> {
    if (!this.#options.hasTerminal || this.#options.client === null) return;
    const size = getWindowSize(this.#context.stdout);
    await this.#sendSize({ ...size, rows: Math.max(1, size.rows - 1) });
    await this.#sendSize(size);
  }

  /** Leaves the session running. */
  async detach(): Promise<void> {
    const { sessionID, client, keepSeconds } = this.#options;
    if (client === null) return;
    this.#isLeaving = true;
    this.#link.leave();
    const limit = AbortSignal.timeout(requestLimitMs);
    await this.#link.client.detachSession(sessionID, { client, keepSeconds }, limit);
  }

  /** Has the agent end the session. */
  async delete(signal: AbortSignal): Promise<void> {
    this.#restore();
    await this.#link.client.deleteSession(this.#options.sessionID, signal);
  }

  /** Gives the terminal back as it was, and ends the connection; the session stays as long as its lease. */
  close(): void {
    this.#restore();
    this.#acknowledger?.close();
    this.#link.close();
  }

  #restore(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  async #read(name: OutputStreamName): Promise<StreamTrailers> {
    const { client: holder, sessionID, isNew, output, compress, recording } = this.#options;
    const ours: Writable = name === 'stdout' && output !== null ? output : this.#context[name];
    const sink: Writable = recording?.to.tap(ours, name) ?? ours;
    const reader = new OutputReader(name, sink, isNew ? 0 : null, {
      onDelivered: (offset) => this.#acknowledger?.delivered(name, offset),
      onGap: (bytes) =>
        this.#tell(`${bytes} bytes of the terminal's output came while nobody was there, and are lost`),
    });
    for (let client = this.#link.client; ;) {
      try {
        const request = { client: holder, from: reader.offset, compress };
        return await reader.read(client.openOutput(sessionID, name, request));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EPIPE') throw new OutputClosedError({ cause: error });
        client = await this.#link.renew(client, error);
      }
    }
  }

  #sendStdin(holder: string): void {
    const { sessionID, isNew } = this.#options;
    const sender = new StdinSender(this.#openInput(), isNew ? 0 : null);
    this.#undo.push(() => sender.close());
    const send = async () => {
      for (let client = this.#link.client; ;) {
        try {
          await sender.send(client.openStdin(sessionID, holder, sender.offset));
          return;
        } catch (error) {
          client = await this.#link.renew(client, error);
        }
      }
    };
    send().catch((error: unknown) => {
      // Other failures show in the outputs, or don't matter: the command need not read all of it.
      if (error instanceof Failure && error.code === 'stdinFailed') this.#left.reject(error);
    });
  }

  #openInput(): Readable {
    const { stdin } = this.#context;
    const { recording, hasTerminal, detachKeys } = this.#options;
    let input: Readable = stdin;
    if (hasTerminal && stdin.isTTY) {
      const keys = new EscapeKeys((action) => this.#act(action), detachKeys);
      input = stdin.pipe(keys);
      // A pipe does not pass it on.
      const fail = (error: Error) => keys.destroy(error);
      stdin.once('error', fail);
      this.#undo.push(() => stdin.off('error', fail).unpipe(keys).pause());
    }
    if (recording?.withInput) input.on('data', (chunk: Buffer) => recording.to.input(chunk)).pause();
    return input;
  }

  #act(action: EscapeAction): void {
    const leave = async () => {
      if (action === 'help') this.#tell(escapeHelp.join('\r\n'));
      else if (action === 'end') await this.delete(AbortSignal.timeout(requestLimitMs));
      else {
        await this.detach();
        this.#left.resolve({ kind: 'detached' });
      }
    };
    leave().catch((error: unknown) => this.#left.reject(error));
  }

  #resize(size: { columns: number; rows: number }): void {
    this.#options.recording?.to.resize(size);
    void this.#sendSize(size);
  }

  async #sendSize(size: { columns: number; rows: number }): Promise<void> {
    const { client } = this.#link;
    await client
      .resize(this.#options.sessionID, size, AbortSignal.timeout(requestLimitMs))
      .catch(() => undefined);
  }

  /** On a terminal in raw mode, where a line does not begin by itself at its start. */
  #tell(text: string): void {
    const end = this.#options.hasTerminal ? '\r\n' : '\n';
    this.#context.stderr.write(`${this.#options.hasTerminal ? '\r\n' : ''}${text}${end}`);
  }
}
