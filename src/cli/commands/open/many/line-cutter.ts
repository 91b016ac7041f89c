/** A longer line is printed as several: a command that writes no line end must not fill our memory. */
export const maxLineBytes = 64 * 1024;
const newline = 0x0a;

/** Cuts bytes that arrive in pieces into lines. */
export class LineCutter {
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** @returns the lines that a piece completes, without their ends. What follows the last one is kept. */
  push(piece: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let start = 0;
    for (;;) {
      const limit = start + maxLineBytes - this.#restBytes;
      const found = piece.indexOf(newline, start);
      if (found >= 0 && found <= limit) {
        lines.push(this.#take(piece.subarray(start, found)));
        start = found + 1;
      } else if (piece.length > limit) {
        lines.push(this.#take(piece.subarray(start, limit)));
        start = limit;
      } else break;
    }
    if (start < piece.length) {
      this.#rest.push(piece.subarray(start));
      this.#restBytes += piece.length - start;
    }
    return lines;
  }

  /** @returns what was written after the last line end; null when there is nothing. */
  end(): Buffer | null {
    return this.#restBytes === 0 ? null : this.#take(Buffer.alloc(0));
  }

  #take(last: Buffer): Buffer {
    const line = this.#rest.length === 0 ? last : Buffer.concat([...this.#rest, last]);
    this.#rest = [];
    this.#restBytes = 0;
    return line;
  }
}
