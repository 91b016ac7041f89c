import { escapeText } from '../failure/escape-text.ts';
import type { ProgressStream } from './progress.ts';

/** What is over sooner is not worth a word. */
const delayMs = 300;

/**
 * Says something in the last row of a terminal whose content is a remote program's. That row is then blank,
 * and the program has to be asked to draw it again.
 */
export class StatusRow {
  readonly #stream: ProgressStream;
  readonly #enabled: boolean;
  #timer: NodeJS.Timeout | null = null;
  #shown = false;

  /** @param quiet true: nothing is ever shown, as on a stream that is not a terminal. */
  constructor(stream: ProgressStream, { quiet = false } = {}) {
    this.#stream = stream;
    this.#enabled = !quiet && stream.isTTY === true;
  }

  /** Says it after a moment, unless something is about to be said already. */
  show(text: string): void {
    if (!this.#enabled) return;
    this.#timer ??= setTimeout(() => {
      this.#shown = true;
      const line = escapeText(text).slice(0, (this.#stream.columns ?? 80) - 1);
      this.#draw(`\x1b[7m${line}\x1b[m`);
    }, delayMs);
  }

  /** Wipes the row, which the program in the terminal does not know of. */
  clear(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#shown) this.#draw('');
    this.#shown = false;
  }

  /** The cursor is put back to where it was (DECSC, DECRC). */
  #draw(text: string): void {
    this.#stream.write(`\x1b7\x1b[999;1H\x1b[K${text}\x1b8`);
  }
}
