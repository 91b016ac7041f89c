/** Cuts text that arrives in pieces into lines: newline-delimited JSON, for one. */
export class LineSplitter {
  readonly #maxCharacters: number;
  #rest = '';

  /** @param maxCharacters of an unfinished line that is kept; what is longer is cut. */
  constructor(maxCharacters = Number.POSITIVE_INFINITY) {
    this.#maxCharacters = maxCharacters;
  }

  /** @returns the lines that a piece completes, without their ends. What follows the last newline is kept. */
  push(piece: string): string[] {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, this.#maxCharacters);
    return lines;
  }
}
