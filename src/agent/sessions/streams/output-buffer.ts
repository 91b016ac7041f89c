import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ProblemError } from '../../../session-api/problem.ts';
import { OutputRing } from './output-ring.ts';

/** Most bytes that Node reads from a pipe or a terminal at once. */
const maxChunkBytes = 64 * 1024;
/** Most bytes that are sent at once: a flood must not delay the keys of other sessions, which share the thread. */
const maxPieceBytes = 128 * 1024;
/** Most bytes that an ended command can leave in a pipe (pipe(7)): they are read even if the ring is full. */
const maxDrainedBytes = 1024 * 1024;
/** Bytes that are kept of an ended output even if acknowledged, to show how the session ended. */
const tailBytes = 64 * 1024;

/**
 * Most bytes of a terminal's output that wait to be sent. On a slow line they all come before the answer to the next
 * key, which may be Ctrl-C.
 */
const maxUnsentTerminalBytes = 64 * 1024;

export interface OutputBufferOptions {
  /** Output that nobody has acknowledged is kept up to this size. */
  capacityBytes: number;
  /** Decides how much of that there is room for; asked when the first byte comes, as most outputs stay empty. */
  decideBytes?: (wantedBytes: number) => number;
  /** Whether the oldest output may go while nobody holds the session; else the command has to wait. */
  isTerminal: boolean;
}

/** A part of an output, from `offset` on. */
export interface OutputReading {
  offset: number;
  chunks: AsyncGenerator<Buffer, void, void>;
}

/**
 * One output stream of a command. What the client has not acknowledged is kept, so that it can be read again from any
 * such offset. When the buffer is full the command has to wait, and nothing is dropped. Only the output of a terminal
 * goes on while no client holds the session; what is too old for the buffer is then lost.
 */
export class OutputBuffer {
  readonly #source: Readable;
  readonly #options: OutputBufferOptions;
  readonly #hash = createHash('sha256');
  readonly #ring: OutputRing;
  #capacityBytes: number;
  /** Everything before this offset has arrived at the client's sinks. */
  #acknowledged = 0;
  /** Readings by the client that holds the session. */
  #holders = 0;
  /** Offset up to which the latest of these readings was sent. */
  #sent = 0;
  /** Whether the rest of the output is read without waiting for room. */
  #isDraining = false;
  #ended = false;
  #digest: string | null = null;
  #wake = Promise.withResolvers<void>();

  /** @param source read by nobody else. Its error counts as its end: a PTY's master ends with EIO. */
  constructor(source: Readable, options: OutputBufferOptions) {
    this.#source = source;
    this.#options = options;
    this.#ring = new OutputRing(options.capacityBytes);
    this.#capacityBytes = options.capacityBytes;
    source.on('data', (chunk: Buffer) => this.#append(chunk));
    const finish = () => this.#finish();
    source.once('end', finish).once('error', finish).once('close', finish);
  }

  get bytes(): number {
    return this.#ring.end;
  }

  /** Bytes of the agent's memory that the buffer takes. */
  get heldBytes(): number {
    return this.#ring.heldBytes;
  }

  /** SHA-256 of the whole stream, hex; only after its end. */
  get sha256(): string {
    this.#digest ??= this.#hash.digest('hex');
    return this.#digest;
  }

  /**
   * Reads the rest when no process can write any more, whether there is room for it or not. The rest is at most what a
   * pipe holds, and a client that would make room may not come in time.
   * @returns resolves when everything has been read.
   */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#resumeWithRoom();
    while (!this.#ended) await this.#wake.promise;
  }

  /** Ends the output: nothing more is read from the source. */
  close(): void {
    this.#source.destroy();
    this.#finish();
  }

  /** Bytes before `offset` need not be kept. */
  acknowledge(offset: number): void {
    this.#acknowledged = Math.min(Math.max(offset, this.#acknowledged), this.#ring.end);
    this.#resumeWithRoom();
  }

  /**
   * Reads for the client that holds the session, to the stream's end. The pieces are views of the ring, valid until
   * they are acknowledged.
   * @param from offset to begin at; null: the last acknowledged offset, or with a terminal the present end.
   * @throws ProblemError `offsetUnavailable` when the offset is no longer kept; never with a terminal.
   */
  hold(from: number | null): OutputReading {
    const offset = this.#findKept(from ?? this.#findBegin(this.#acknowledged));
    // What is before the offset is lost, or was shown already.
    if (this.#options.isTerminal) this.acknowledge(offset);
    return { offset, chunks: this.#readAndHold(offset) };
  }

  /**
   * Reads for a client that only watches: the command does not wait for this reader. The pieces are copies.
   * @param from offset to begin at; null: the first byte that is kept, or with a terminal the present end.
   * @throws ProblemError `offsetUnavailable`, also later when the reader is too slow; never with a terminal.
   */
  watch(from: number | null): OutputReading {
    const offset = this.#findKept(from ?? this.#findBegin(this.#ring.start));
    return { offset, chunks: this.#read(offset, (position) => this.#copyAt(position)) };
  }

  /** An ended output begins at its first kept byte. Otherwise a terminal's begins at its present end. */
  #findBegin(otherwise: number): number {
    if (this.#ended) return this.#ring.start;
    return this.#options.isTerminal ? this.#ring.end : otherwise;
  }

  /** Offset of the first byte that is kept and not acknowledged. */
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
   * @param take returns the bytes at an offset; null: nothing yet.
   * @param onSent called with the offset after a piece, when the next piece is asked for.
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

  /**
   * @returns the offset itself, or with a terminal the first offset after it that is kept.
   * @throws ProblemError `offsetUnavailable`.
   */
  #findKept(offset: number): number {
    const kept = this.#options.isTerminal ? Math.max(offset, this.#ring.start) : offset;
    if (kept >= this.#ring.start && kept <= this.#ring.end) return kept;
    throw new ProblemError(
      'offsetUnavailable',
      `offset ${offset} is not kept (${this.#ring.start} to ${this.#ring.end} is)`,
    );
  }

  /** A copy, as the ring may be overwritten as soon as other code runs. */
  #copyAt(position: number): Buffer | null {
    const chunk = this.#chunkAt(position);
    return chunk === null ? null : Buffer.from(chunk.subarray(0, maxChunkBytes));
  }

  #chunkAt(position: number): Buffer | null {
    return this.#ring.view(position, maxPieceBytes);
  }

  #append(chunk: Buffer): void {
    // Closed by the agent: nobody reads what the source still held.
    if (this.#ended) return;
    this.#hash.update(chunk);
    if (this.#ring.end === 0) this.#decideCapacity();
    this.#makeRoom(chunk.length);
    this.#ring.append(chunk);
    if (!this.#hasRoom()) this.#source.pause();
    this.#notify();
  }

  #decideCapacity(): void {
    const { decideBytes } = this.#options;
    if (decideBytes === undefined) return;
    this.#capacityBytes = decideBytes(this.#options.capacityBytes);
    this.#ring.resize(0, this.#capacityBytes);
  }

  /** Grows the ring for the output that an ended command left, which can't wait for an acknowledgement. */
  #makeRoom(bytes: number): void {
    const from = this.#needed;
    const neededBytes = this.#ring.end - from + bytes;
    if (!this.#isDraining || neededBytes <= Math.max(this.#ring.heldBytes, this.#capacityBytes)) return;
    // Once, for all that is still to come.
    this.#ring.resize(from, neededBytes + maxDrainedBytes);
  }

  /** Whether the next bytes fit, or may overwrite the oldest. */
  #hasRoom(): boolean {
    if (this.#isDraining) return this.#ring.end - this.#needed <= this.#capacityBytes + maxDrainedBytes;
    if (this.#options.isTerminal) {
      if (this.#holders === 0) return true;
      if (this.#ring.end - this.#sent > maxUnsentTerminalBytes) return false;
    }
    return this.#ring.end - this.#acknowledged <= this.#capacityBytes - maxChunkBytes;
  }

  #resumeWithRoom(): void {
    if (!this.#ended && this.#hasRoom()) this.#source.resume();
  }

  /** Frees the memory that an ended output does not need: ended sessions are kept for a while. */
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
