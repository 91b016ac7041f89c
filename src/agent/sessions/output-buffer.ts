import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ProblemError } from '../../session/problem.ts';

/** Output that nobody has acknowledged is kept up to this size; beyond, the command has to wait. */
const maxRetainedBytes = 4 * 1024 * 1024;

/**
 * One output stream of a command, from its first byte: what the client has not acknowledged is kept, so
 * that it can be read again from any such offset; the command is held back, nothing is dropped.
 */
export class OutputBuffer {
  readonly #source: Readable;
  readonly #hash = createHash('sha256');
  #chunks: Buffer[] = [];
  /** Offset of the first byte that is still kept. */
  #start = 0;
  /** Offset after the last byte. */
  #end = 0;
  #ended = false;
  #digest: string | null = null;
  #wake = Promise.withResolvers<void>();

  /** @param source is read here alone; its error counts as its end (a PTY's master ends with EIO). */
  constructor(source: Readable) {
    this.#source = source;
    source.on('data', (chunk: Buffer) => this.#append(chunk));
    const finish = () => this.#finish();
    source.once('end', finish).once('error', finish).once('close', finish);
  }

  get bytes(): number {
    return this.#end;
  }

  /** SHA-256 of the whole stream, hex; only after its end. */
  get sha256(): string {
    this.#digest ??= this.#hash.digest('hex');
    return this.#digest;
  }

  /** Resolves when the command's side is closed and everything has been read from it. */
  async waitForEnd(): Promise<void> {
    while (!this.#ended) await this.#wake.promise;
  }

  /** Ends it now: nothing more is read from the source. */
  close(): void {
    this.#source.destroy();
    this.#finish();
  }

  /** Forgets what is before `offset`. */
  acknowledge(offset: number): void {
    while (this.#chunks.length > 0) {
      const first = this.#chunks[0] as Buffer;
      if (this.#start + first.length > offset) break;
      this.#chunks.shift();
      this.#start += first.length;
    }
    if (this.#end - this.#start < maxRetainedBytes) this.#source.resume();
  }

  /**
   * Reads from `offset` on, waiting for what is not there yet, until the stream's end.
   * @throws ProblemError `offsetUnavailable` when that part was acknowledged before, or never was.
   */
  async *readFrom(offset: number): AsyncGenerator<Buffer, void, void> {
    if (offset < this.#start || offset > this.#end) {
      throw new ProblemError(
        'offsetUnavailable',
        `offset ${offset} is not kept (${this.#start} to ${this.#end} is)`,
      );
    }
    let position = offset;
    for (;;) {
      const chunk = this.#chunkAt(position);
      if (chunk !== null) {
        position += chunk.length;
        yield chunk;
      } else if (this.#ended) return;
      else await this.#wake.promise;
    }
  }

  #chunkAt(position: number): Buffer | null {
    let chunkStart = this.#start;
    for (const chunk of this.#chunks) {
      if (position < chunkStart + chunk.length) return chunk.subarray(position - chunkStart);
      chunkStart += chunk.length;
    }
    return null;
  }

  #append(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#chunks.push(chunk);
    this.#end += chunk.length;
    if (this.#end - this.#start >= maxRetainedBytes) this.#source.pause();
    this.#notify();
  }

  #finish(): void {
    this.#ended = true;
    this.#notify();
  }

  #notify(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers();
    resolve();
  }
}
