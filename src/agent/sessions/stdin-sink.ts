import type { Writable } from 'node:stream';
import { ProblemError } from '../../session/problem.ts';

/** End of transmission: what Ctrl-D sends; a terminal has no half-close. */
const endOfTransmission = Buffer.from([0x04]);

/** A command's stdin, written by offset: bytes sent twice are written once. */
export class StdinSink {
  readonly #destination: Writable;
  readonly #isTerminal: boolean;
  /** Bytes that were handed to the command's side, and those of them that it has taken. */
  #accepted = 0;
  #taken = 0;
  #isClosed = false;
  readonly #closed = Promise.withResolvers<void>();
  #writer: Promise<void> = Promise.resolve();

  constructor(destination: Writable, isTerminal: boolean) {
    this.#destination = destination;
    this.#isTerminal = isTerminal;
    // A command that closes its stdin is no failure of the session: the rest is taken and dropped.
    const close = () => this.#markClosed();
    destination.on('error', close).on('close', close);
  }

  /** Bytes that the command's side has taken; after its end, also those that it will never take. */
  get written(): number {
    return this.#isClosed ? this.#accepted : this.#taken;
  }

  /**
   * Writes what `source` brings.
   * @param offset of its first byte in the whole stream.
   * @param progress called whenever `written` has grown.
   * @returns when the source has ended and all of it is taken; the command's stdin is then still open.
   * @throws ProblemError `offsetUnavailable` when bytes in between were never received.
   */
  async writeFrom(source: AsyncIterable<Buffer>, offset: number, progress: () => void): Promise<void> {
    const previous = this.#writer;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#writer = promise;
    await previous;
    try {
      if (offset > this.#accepted) {
        throw new ProblemError('offsetUnavailable', `stdin was received up to ${this.#accepted} only`);
      }
      let skip = this.#accepted - offset;
      let last = Promise.resolve();
      for await (const chunk of source) {
        const fresh = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - fresh.length;
        if (fresh.length > 0) last = this.#write(fresh, progress);
        if (this.#destination.writableNeedDrain) await this.#waitForDrain();
      }
      await last;
    } finally {
      resolve();
    }
  }

  /** Tells the command that nothing more will come. */
  end(): void {
    if (this.#isClosed) return;
    if (this.#isTerminal) this.#destination.write(endOfTransmission);
    else this.#destination.end();
  }

  close(): void {
    this.#markClosed();
    this.#destination.destroy();
  }

  #write(chunk: Buffer, progress: () => void): Promise<void> {
    this.#accepted += chunk.length;
    if (this.#isClosed) {
      progress();
      return Promise.resolve();
    }
    const taken = new Promise<void>((resolve) => this.#destination.write(chunk, () => resolve()));
    // A destroyed pipe may never call back.
    return Promise.race([taken, this.#closed.promise]).then(() => {
      this.#taken += chunk.length;
      progress();
    });
  }

  #waitForDrain(): Promise<void> {
    const drained = new Promise<void>((resolve) => this.#destination.once('drain', resolve));
    return Promise.race([drained, this.#closed.promise]);
  }

  #markClosed(): void {
    this.#isClosed = true;
    this.#closed.resolve();
  }
}
