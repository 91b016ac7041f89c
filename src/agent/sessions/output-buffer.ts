import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ProblemError } from '../../session/problem.ts';

/** Output that nobody has acknowledged is kept up to this size; beyond, the command has to wait. */
const capacityBytes = 4 * 1024 * 1024;
/** What Node reads from a pipe or a terminal at once. */
const maxChunkBytes = 64 * 1024;

/**
 * One output stream of a command, from its first byte: what the client has not acknowledged is kept, so
 * that it can be read again from any such offset; the command is held back, nothing is dropped.
 *
 * It is kept in a ring: chunks that wait for an acknowledgement would outlive V8's young generation, and have
 * its whole heap marked again and again while much passes through.
 */
export class OutputBuffer {
  readonly #source: Readable;
  readonly #hash = createHash('sha256');
  #ring: Buffer | null = null;
  /** Offset of what stands at the ring's first place. */
  #ringStart = 0;
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
    this.#start = Math.min(Math.max(offset, this.#start), this.#end);
    if (this.#hasRoom()) this.#source.resume();
  }

  /**
   * Reads from `offset` on, waiting for what is not there yet, until the stream's end. The pieces are parts of
   * the ring: valid until they are acknowledged.
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
    if (this.#ring === null || position >= this.#end) return null;
    const index = (position - this.#ringStart) % this.#ring.length;
    return this.#ring.subarray(index, Math.min(this.#ring.length, index + this.#end - position));
  }

  #append(chunk: Buffer): void {
    // Closed by us: what its source still held is for nobody.
    if (this.#ended) return;
    this.#hash.update(chunk);
    // Most outputs are short or empty; and what is not written to takes no memory.
    this.#ring ??= Buffer.allocUnsafeSlow(capacityBytes);
    for (let taken = 0; taken < chunk.length;) {
      const index = this.#end % this.#ring.length;
      const part = chunk.copy(this.#ring, index, taken);
      taken += part;
      this.#end += part;
    }
    if (!this.#hasRoom()) this.#source.pause();
    this.#notify();
  }

  /** Whether whatever comes next will fit. */
  #hasRoom(): boolean {
    return this.#end - this.#start <= capacityBytes - maxChunkBytes;
  }

  /** Ended sessions are kept for a while: they hold no more than what could still be read. */
  #shrink(): void {
    const kept: Buffer[] = [];
    for (let position = this.#start, chunk = this.#chunkAt(position); chunk !== null;) {
      kept.push(chunk);
      position += chunk.length;
      chunk = this.#chunkAt(position);
    }
    this.#ring = kept.length === 0 ? null : Buffer.concat(kept);
    this.#ringStart = this.#start;
  }

  #finish(): void {
    if (!this.#ended) this.#shrink();
    this.#ended = true;
    this.#notify();
  }

  #notify(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers();
    resolve();
  }
}
