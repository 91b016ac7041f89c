import { escapeText } from '../failure/escape-text.ts';

/** A shorter wait is not worth a line. */
const delayMs = 300;

export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** One line on a terminal that says what the command waits for. It is wiped afterwards. */
export class ProgressLine {
  readonly #stream: ProgressStream;
  readonly #enabled: boolean;
  #text = '';
  #timer: NodeJS.Timeout | null = null;
  #shown = false;

  /** @param quiet true: nothing is ever shown, as on a stream that is not a terminal. */
  constructor(stream: ProgressStream, { quiet = false } = {}) {
    this.#stream = stream;
    this.#enabled = !quiet && stream.isTTY === true;
  }

  /** Whether anything is ever shown. */
  get isShown(): boolean {
    return this.#enabled;
  }

  /** Says something else from now on; the first time only after a moment. */
  show(text: string): void {
    if (!this.#enabled) return;
    this.#text = text;
    if (this.#shown) this.#draw();
    else this.#timer ??= setTimeout(() => this.#draw(), delayMs);
  }

  /** Wipes the line. */
  clear(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#shown) this.#stream.write(this.wipe());
    this.#shown = false;
  }

  /** @returns what a terminal is sent to show a line. */
  protected draw(line: string): string {
    return `${this.wipe()}${line}`;
  }

  /** @returns what a terminal is sent to wipe the line. */
  protected wipe(): string {
    return '\r\x1b[K';
  }

  #draw(): void {
    this.#shown = true;
    const line = escapeText(this.#text).replaceAll(/\s+/g, ' ');
    // A line that wraps could not be wiped.
    this.#stream.write(this.draw(line.slice(0, (this.#stream.columns ?? 80) - 1)));
  }
}
