import type { Readable, Writable } from 'node:stream';
import { ProblemError } from '../../session/problem.ts';

/** End of transmission: what Ctrl-D sends; a terminal has no half-close. */
const endOfTransmission = Buffer.from([0x04]);

/** A command's stdin, written by offset: bytes sent twice are written once. */
export class StdinSink {
  readonly #destination: Writable;
  readonly #isTerminal: boolean;
  /** Bytes that the command's side has taken. */
  written = 0;
  #closed = false;
  #writer: Promise<void> = Promise.resolve();

  constructor(destination: Writable, isTerminal: boolean) {
    this.#destination = destination;
    this.#isTerminal = isTerminal;
    // A command that closes its stdin is no failure of the session: the rest is taken and dropped.
    destination.on('error', () => (this.#closed = true));
    destination.on('close', () => (this.#closed = true));
  }

  /**
   * Writes what `source` brings.
   * @param offset of its first byte in the whole stream.
   * @param progress called whenever `written` has grown.
   * @returns when the source has ended; the command's stdin is then still open.
   * @throws ProblemError `offsetUnavailable` when bytes in between were never received.
   */
  async writeFrom(source: Readable, offset: number, progress: () => void): Promise<void> {
    const previous = this.#writer;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#writer = promise;
    await previous;
    try {
      if (offset > this.written) {
        throw new ProblemError('offsetUnavailable', `stdin was received up to ${this.written} only`);
      }
      let skip = this.written - offset;
      for await (const chunk of source as AsyncIterable<Buffer>) {
        const fresh = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - fresh.length;
        if (fresh.length === 0) continue;
        await this.#write(fresh);
        this.written += fresh.length;
        progress();
      }
    } finally {
      resolve();
    }
  }

  /** Tells the command that nothing more will come. */
  end(): void {
    if (this.#closed) return;
    if (this.#isTerminal) this.#destination.write(endOfTransmission);
    else this.#destination.end();
  }

  close(): void {
    this.#closed = true;
    this.#destination.destroy();
  }

  #write(chunk: Buffer): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = () => {
        this.#destination.off('close', settle);
        resolve();
      };
      // A destroyed pipe may never call back.
      this.#destination.once('close', settle);
      this.#destination.write(chunk, settle);
    });
  }
}
