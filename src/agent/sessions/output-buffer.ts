import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ProblemError } from '../../session-api/problem.ts';
import { OutputRing } from './output-ring.ts';

/** What Node reads from a pipe or a terminal at once. */
const maxChunkBytes = 64 * 1024;
/** What is sent at once: a flood must not hold up the keys of other sessions, which the same thread passes on. */
const maxPieceBytes = 128 * 1024;
/** What is read beyond the room when nobody can write any more: as much as a pipe can be made to hold (pipe(7)). */
const maxDrainedBytes = 1024 * 1024;
/** What is kept of an ended output, even if it was acknowledged: to look at how a session ended. */
const tailBytes = 64 * 1024;

/**
 * What of a terminal's output waits to be sent, beside what is on its way: on a slow line all of it stands before
 * the answer to the next key, above all to Ctrl-C.
 */
const maxUnsentTerminalBytes = 64 * 1024;

export interface OutputBufferOptions {
  /** Output that nobody has acknowledged is kept up to this size. */
  capacityBytes: number;
  /** Whether the oldest output may go while nobody holds the session; else the command has to wait. */
  isTerminal: boolean;
}

/** A part of an output, from `offset` on. */
export interface OutputReading {
  offset: number;
  chunks: AsyncGenerator<Buffer, void, void>;
}

/**
 * One output stream of a command, from its first byte: what the client has not acknowledged is kept, so
 * that it can be read again from any such offset; the command is held back, nothing is dropped. But a
 * terminal's output goes on while nobody reads it, and what is too old for the buffer is lost.
 */
export class OutputBuffer {
  readonly #source: Readable;
  readonly #options: OutputBufferOptions;
  readonly #hash = createHash('sha256');
  readonly #ring: OutputRing;
  /** Everything before this offset has arrived where it was to go. */
  #acknowledged = 0;
  /** Readings of who holds the session. */
  #holders = 0;
  /** Offset up to which the latest of them was sent. */
  #sent = 0;
  /** Whether all that the command has left is read, whoever reads on. */
  #isDraining = false;
  #ended = false;
  #digest: string | null = null;
  #wake = Promise.withResolvers<void>();

  /** @param source is read here alone; its error counts as its end (a PTY's master ends with EIO). */
  constructor(source: Readable, options: OutputBufferOptions) {
    this.#source = source;
    this.#options = options;
    this.#ring = new OutputRing(options.capacityBytes);
    source.on('data', (chunk: Buffer) => this.#append(chunk));
    const finish = () => this.#finish();
    source.once('end', finish).once('error', finish).once('close', finish);
  }

  get bytes(): number {
    return this.#ring.end;
  }

  /** What it takes of the agent's memory. */
  get heldBytes(): number {
    return this.#ring.heldBytes;
  }

  /** SHA-256 of the whole stream, hex; only after its end. */
  get sha256(): string {
    this.#digest ??= this.#hash.digest('hex');
    return this.#digest;
  }

  /**
   * Reads what is left when nobody can write any more, whether there is room for it or not: it is no more than a pipe
   * holds, and who would make room for it may not come in time.
   * @returns resolves when everything has been read.
   */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#resumeWithRoom();
    while (!this.#ended) await this.#wake.promise;
  }

  /** Ends it now: nothing more is read from the source. */
  close(): void {
    this.#source.destroy();
    this.#finish();
  }

  /** What is before `offset` need not be kept. */
  acknowledge(offset: number): void {
    this.#acknowledged = Math.min(Math.max(offset, this.#acknowledged), this.#ring.end);
    this.#resumeWithRoom();
  }

  /**
   * Reads for the client that holds the session, waiting for what is not there yet, until the stream's end. The
   * pieces are parts of the ring: valid until they are acknowledged.
   * @param from null: from where the last one had acknowledged on; with a terminal, what is still to come.
   * @throws ProblemError `offsetUnavailable` when that part is not kept any more, but a terminal's.
   */
  hold(from: number | null): OutputReading {
    const offset = this.#findKept(from ?? this.#findBegin(this.#acknowledged));
    // What is before it is lost, or was shown: a terminal's client does not show it twice.
    if (this.#options.isTerminal) this.acknowledge(offset);
    return { offset, chunks: this.#readAndHold(offset) };
  }

  /**
   * Reads for somebody who only watches: nothing waits for this reader. The pieces are copies.
   * @param from null: from what is kept; with a terminal, what is still to come.
   * @throws ProblemError `offsetUnavailable`; also later, when the reader is too slow for what is no terminal.
   */
  watch(from: number | null): OutputReading {
    const offset = this.#findKept(from ?? this.#findBegin(this.#ring.start));
    return { offset, chunks: this.#read(offset, (position) => this.#copyAt(position)) };
  }

  /** Of an ended output all that is left is of interest, of a terminal's only what is still to come. */
  #findBegin(otherwise: number): number {
    if (this.#ended) return this.#ring.start;
    return this.#options.isTerminal ? this.#ring.end : otherwise;
  }

  /** Offset of the first byte that is still there and has not arrived. */
  get #needed(): number {
    return Math.max(this.#ring.start, this.#acknowledged);
  }

  async *#readAndHold(offset: number): AsyncGenerator<Buffer, void, void> {
    this.#holders++;
    this.#sent = offset;
    const onSent = (end: number) => {
      this.#sent = end;
      if (this.#options.isTerminal) this.#resumeWithRoom();
    };
    try {
      yield* this.#read(offset, (position) => this.#chunkAt(position), onSent);
    } finally {
      this.#holders--;
      this.#resumeWithRoom();
    }
  }

  /**
   * Reads until the stream's end.
   * @param take what is at an offset; null: nothing yet.
   * @param onSent told the offset after each piece, when the next one is asked for.
   */
  async *#read(
    offset: number,
    take: (position: number) => Buffer | null,
    onSent: (end: number) => void = () => undefined,
  ): AsyncGenerator<Buffer, void, void> {
    for (let position = offset; ;) {
      position = this.#findKept(position);
      const chunk = take(position);
      if (chunk !== null) {
        position += chunk.length;
        yield chunk;
        onSent(position);
      } else if (this.#ended) return;
      else await this.#wake.promise;
    }
  }

  /** @returns the offset itself, or with a terminal the first one after it that is kept. @throws ProblemError. */
  #findKept(offset: number): number {
    const kept = this.#options.isTerminal ? Math.max(offset, this.#ring.start) : offset;
    if (kept >= this.#ring.start && kept <= this.#ring.end) return kept;
    throw new ProblemError(
      'offsetUnavailable',
      `offset ${offset} is not kept (${this.#ring.start} to ${this.#ring.end} is)`,
    );
  }

  /** For whom the command does not wait: the ring may be written to as soon as anything else runs. */
  #copyAt(position: number): Buffer | null {
    const chunk = this.#chunkAt(position);
    return chunk === null ? null : Buffer.from(chunk.subarray(0, maxChunkBytes));
  }

  #chunkAt(position: number): Buffer | null {
    return this.#ring.view(position, maxPieceBytes);
  }

  #append(chunk: Buffer): void {
    // Closed by us: what its source still held is for nobody.
    if (this.#ended) return;
    this.#hash.update(chunk);
    this.#makeRoom(chunk.length);
    this.#ring.append(chunk);
    if (!this.#hasRoom()) this.#source.pause();
    this.#notify();
  }

  /** Grows the ring for the output that an ended command left, which can't wait for an acknowledgement. */
  #makeRoom(bytes: number): void {
    const from = this.#needed;
    const neededBytes = this.#ring.end - from + bytes;
    if (!this.#isDraining || neededBytes <= Math.max(this.#ring.heldBytes, this.#options.capacityBytes))
      return;
    // Once, for all that is still to come.
    this.#ring.resize(from, neededBytes + maxDrainedBytes);
  }

  /** Whether whatever comes next will fit, or need not. */
  #hasRoom(): boolean {
    const { capacityBytes } = this.#options;
    if (this.#isDraining) return this.#ring.end - this.#needed <= capacityBytes + maxDrainedBytes;
    if (this.#options.isTerminal) {
      if (this.#holders === 0) return true;
      if (this.#ring.end - this.#sent > maxUnsentTerminalBytes) return false;
    }
    return this.#ring.end - this.#acknowledged <= capacityBytes - maxChunkBytes;
  }

  #resumeWithRoom(): void {
    if (!this.#ended && this.#hasRoom()) this.#source.resume();
  }

  /** Ended sessions are kept for a while: they hold no more than what could still be asked for. */
  #shrink(): void {
    const from = Math.max(this.#ring.start, Math.min(this.#acknowledged, this.#ring.end - tailBytes));
    this.#ring.resize(from, this.#ring.end - from);
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
