import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { getErrorMessage } from '../../failure/error-message.ts';
import { describeTarget, type SessionTarget, type TerminalSize } from '../../session-api/session-spec.ts';
import { getWindowSize } from '../../terminal/window-size.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import type { Lifetime } from '../process/lifetime.ts';

/** What a recording is named after. */
export interface RecordedSession {
  target: SessionTarget;
  /** null: a login shell. */
  command: string[] | null;
}

interface RecordingOptions {
  file: string;
  size: TerminalSize;
  title: string;
  /** TERM of the terminal; null without one. */
  term: string | null;
}

/** @returns what is recorded or watched: the target and the command. */
export function describeSession({ target, command }: RecordedSession): string {
  return `${describeTarget(target)}: ${command?.join(' ') ?? 'shell'}`;
}

/**
 * Starts a recording, which is finished when the run ends.
 * @throws UsageError when the file exists already, or can't be created.
 */
export async function startRecording(
  { file, session, hasTerminal }: { file: string; session: RecordedSession; hasTerminal: boolean },
  lifetime: Lifetime,
  { stdout, reporter, env }: Context,
): Promise<Recording> {
  const recording = await Recording.create({
    file,
    size: getWindowSize(stdout),
    title: describeSession(session),
    term: hasTerminal ? env['TERM'] || 'xterm' : null,
  });
  lifetime.defer(async () => {
    await recording.close().catch((error: unknown) => {
      reporter.warning(`the recording ${file} is not complete: ${getErrorMessage(error)}`);
    });
  });
  return recording;
}

/**
 * A recording of a session, as asciinema plays it.
 * https://docs.asciinema.org/manual/asciicast/v2/
 */
export class Recording {
  readonly #file: WriteStream;
  readonly #startedAt = performance.now();
  readonly #decoders = new Map<string, StringDecoder>();

  private constructor(file: WriteStream) {
    this.#file = file;
  }

  /** @throws UsageError when the file exists already, or can't be created. */
  static async create({ file, size, title, term }: RecordingOptions): Promise<Recording> {
    // A recording may have secrets, so only its owner may read it. A repeated command must not replace an earlier one.
    const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 });
    // close() reports the error.
    stream.on('error', () => undefined);
    try {
      await once(stream, 'open');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new UsageError(
        code === 'EEXIST'
          ? `the recording ${file} exists already`
          : `the recording can't be created: ${message}`,
      );
    }
    const header = {
      version: 2,
      width: size.columns,
      height: size.rows,
      timestamp: Math.floor(Date.now() / 1000),
      title,
      ...(term !== null && { env: { TERM: term, SHELL: '/bin/bash' } }),
    };
    stream.write(`${JSON.stringify(header)}\n`);
    return new Recording(stream);
  }

  /**
   * @param sink takes what is recorded.
   * @param name of the stream: each decodes its own UTF-8.
   * @returns a sink that records what it passes on, and waits for the slower of the two.
   */
  tap(sink: Writable, name: string): Writable {
    const tapped = new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        const recorded = this.#write('o', chunk, name);
        sink.write(chunk, (error) => {
          if (error) callback(error);
          else void recorded.then(() => callback());
        });
      },
    });
    sink.on('error', (error) => tapped.destroy(error));
    return tapped;
  }

  /** Records what was typed. */
  input(chunk: Buffer): void {
    void this.#write('i', chunk, 'stdin');
  }

  /** Records that the size of the terminal changes. */
  resize({ columns, rows }: TerminalSize): void {
    this.#file.write(this.#format('r', `${columns}x${rows}`));
  }

  /** Completes the file. @throws the error of the write that failed. */
  async close(): Promise<void> {
    const { errored } = this.#file;
    if (errored) throw errored;
    this.#file.end();
    await once(this.#file, 'close');
  }

  async #write(event: 'o' | 'i', chunk: Buffer, name: string): Promise<void> {
    let decoder = this.#decoders.get(name);
    if (!decoder) this.#decoders.set(name, (decoder = new StringDecoder('utf8')));
    const text = decoder.write(chunk);
    if (text === '' || this.#file.errored) return;
    // A full disk ends the recording, not the session.
    if (!this.#file.write(this.#format(event, text))) await once(this.#file, 'drain').catch(() => undefined);
  }

  #format(event: string, data: string): string {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return `${JSON.stringify([Number(seconds.toFixed(6)), event, data])}\n`;
  }
}
