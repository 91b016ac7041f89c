import { Writable } from 'node:stream';

/** A tool says a few lines; what is more is not read. */
const maxBytes = 16 * 1024;

/** Keeps what a tool says on stderr, up to a limit. */
export class ToolMessages extends Writable {
  readonly #pieces: Buffer[] = [];
  #bytes = 0;

  /** @param encoding latin1 where any byte is to be found again. */
  read(encoding: 'utf8' | 'latin1' = 'utf8'): string {
    return Buffer.concat(this.#pieces).toString(encoding);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    if (this.#bytes < maxBytes) this.#pieces.push(chunk);
    this.#bytes += chunk.length;
    callback();
  }
}
