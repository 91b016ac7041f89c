import { once } from 'node:events';
import { Writable } from 'node:stream';
import { LineCutter } from './line-cutter.ts';

/**
 * One stream that many write to, whole lines at a time and in turns: who has written waits behind all others, so that
 * nobody keeps the others from the stream.
 */
export class LineOutput {
  readonly #stream: Writable;
  #turn: Promise<void> = Promise.resolve();
  /** The first error of the stream. Node's stdout goes on after one, and has others. */
  #error: Error | null = null;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** @throws the stream's first error. */
  throwIfBroken(): void {
    if (this.#error !== null) throw this.#error;
  }

  /** Writes in turn. @throws the stream's first error. */
  async write(data: Uint8Array | string): Promise<void> {
    const turn = this.#turn.then(async () => {
      this.throwIfBroken();
      if (!this.#stream.write(data)) await once(this.#stream, 'drain');
    });
    this.#turn = turn.catch((error: Error) => void (this.#error ??= error));
    await turn;
  }

  /** @returns a stream whose lines are written here, each in the form that a function gives it, with its end. */
  open(format: (line: Buffer) => Uint8Array | string): Writable {
    const cutter = new LineCutter();
    const writeLines = (lines: Buffer[], callback: (error?: Error | null) => void) => {
      if (lines.length === 0) return callback();
      const data = Buffer.concat(lines.map((line) => Buffer.from(format(line))));
      this.write(data).then(() => callback(), callback);
    };
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, callback) => writeLines(cutter.push(chunk), callback),
      final: (callback) => {
        const rest = cutter.end();
        writeLines(rest === null ? [] : [rest], callback);
      },
    });
    // Whoever writes looks at it; without a listener it would end the process.
    return stream.on('error', () => undefined);
  }
}
