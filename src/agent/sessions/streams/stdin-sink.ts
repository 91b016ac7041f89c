import type { Readable, Writable } from 'node:stream';
import { raceAbort } from '../../../failure/abort-race.ts';
import type { StdinProgress } from '../../../session-api/session-routes.ts';
import { ProblemError } from '../../../session-api/problem.ts';

/** End of transmission, the byte of Ctrl-D: a terminal has no half-close. */
const endOfTransmission = Buffer.from([0x04]);

interface Writer {
  source: Readable;
  /** Aborted when the writer must write no more. */
  superseded: AbortController;
  finished: Promise<void>;
}

/** A command's stdin, written by offset: bytes sent twice are written once. */
export class StdinSink {
  readonly #destination: Writable;
  readonly #isTerminal: boolean;
  /** Bytes that were received, from offset 0 on. */
  #received = 0;
  #isEnded = false;
  #isClosed = false;
  readonly #closed = new AbortController();
  #writer: Writer | null = null;

  constructor(destination: Writable, isTerminal: boolean) {
    this.#destination = destination;
    this.#isTerminal = isTerminal;
    // A command may close its stdin: the rest is received and dropped, and the session goes on.
    const close = () => this.#markClosed();
    destination.on('error', close).on('close', close);
  }

  get progress(): StdinProgress {
    return { received: this.#received, isEnded: this.#isEnded || this.#isClosed };
  }

  /**
   * Writes what `source` brings. An earlier source is stopped: most likely it is the same client's, over a connection
   * that the client has lost.
   * @param offset of the source's first byte in the whole stream; null: the source follows all that was received.
   * @param onProgress called at the beginning, and whenever the progress has changed.
   * @returns resolves when the source has ended and all its bytes are taken. The command's stdin stays open.
   * @throws ProblemError `offsetUnavailable` when bytes in between were never received; the error that cut the source.
   */
  async writeFrom(source: Readable, offset: number | null, onProgress: () => void): Promise<void> {
    const previous = this.#writer;
    const finished = Promise.withResolvers<void>();
    const writer = { source, superseded: new AbortController(), finished: finished.promise };
    this.#writer = writer;
    previous?.superseded.abort();
    previous?.source.destroy();
    await previous?.finished;
    try {
      await this.#copy(writer, offset, onProgress);
    } finally {
      finished.resolve();
      if (this.#writer === writer) this.#writer = null;
    }
  }

  /** Ends the command's stdin. */
  end(): void {
    if (this.#isClosed || this.#isEnded) return;
    this.#isEnded = true;
    if (this.#isTerminal) this.#destination.write(endOfTransmission);
    else this.#destination.end();
  }

  /** Drops what comes from now on, even if the command would still read. */
  close(): void {
    this.#markClosed();
    this.#destination.destroy();
  }

  async #copy({ source, superseded }: Writer, offset: number | null, onProgress: () => void): Promise<void> {
    if (offset !== null && offset > this.#received) {
      throw new ProblemError('offsetUnavailable', `stdin was received up to ${this.#received} only`);
    }
    onProgress();
    let skip = this.#received - (offset ?? this.#received);
    let last = Promise.resolve();
    for await (const piece of source) {
      const chunk = piece as Buffer;
      const fresh = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - fresh.length;
      if (fresh.length > 0) last = this.#write(fresh, onProgress);
      onProgress();
      if (this.#destination.writableNeedDrain) await waitUntil(this.#waitForDrain(), superseded.signal);
    }
    await waitUntil(last, superseded.signal);
  }

  #write(chunk: Buffer, onProgress: () => void): Promise<void> {
    this.#received += chunk.length;
    // After the end of stdin: a client that did not hear of the end sends bytes again.
    if (this.#isClosed || this.#isEnded) return Promise.resolve();
    const taken = new Promise<void>((resolve) => this.#destination.write(chunk, () => resolve()));
    // A destroyed pipe may never call back.
    return waitUntil(taken, this.#closed.signal).then(onProgress);
  }

  #waitForDrain(): Promise<void> {
    const drained = new Promise<void>((resolve) => this.#destination.once('drain', resolve));
    return waitUntil(drained, this.#closed.signal);
  }

  #markClosed(): void {
    this.#isClosed = true;
    this.#closed.abort();
  }
}

/** Waits for work, or until a signal. */
async function waitUntil(work: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await raceAbort(work, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
