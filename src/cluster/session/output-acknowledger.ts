import {
  acknowledgedShare,
  acknowledgementIntervalMs,
  type OutputStreamName,
} from '../../session-api/session-routes.ts';

type Offsets = Partial<Record<OutputStreamName, number>>;

/** Tells the agent what of the output it may forget: often enough that it never has to wait for it. */
export class OutputAcknowledger {
  readonly #intervalBytes: number;
  readonly #send: (offsets: Offsets) => Promise<void>;
  readonly #delivered: Offsets = {};
  #unacknowledgedBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #sending = false;
  #isClosed = false;

  /**
   * @param outputBufferBytes what the agent keeps of each output.
   * @param send when it fails, it is called again later: the connection may be made anew.
   */
  constructor(outputBufferBytes: number, send: (offsets: Offsets) => Promise<void>) {
    this.#intervalBytes = outputBufferBytes * acknowledgedShare;
    this.#send = send;
  }

  /** To be called with the offset up to which an output has safely been passed on. */
  delivered(name: OutputStreamName, offset: number): void {
    this.#unacknowledgedBytes += offset - (this.#delivered[name] ?? 0);
    this.#delivered[name] = offset;
    if (this.#unacknowledgedBytes >= this.#intervalBytes) this.#acknowledge();
    else this.#timer ??= setTimeout(() => this.#acknowledge(), acknowledgementIntervalMs);
  }

  /** Tells no more: what is on its way is not followed by anything. */
  close(): void {
    this.#isClosed = true;
    this.#stopTimer();
  }

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #acknowledge(): void {
    this.#stopTimer();
    if (this.#sending) return;
    this.#sending = true;
    this.#unacknowledgedBytes = 0;
    this.#send({ ...this.#delivered })
      .catch(() => {
        this.#unacknowledgedBytes = Math.max(this.#unacknowledgedBytes, 1);
      })
      .finally(() => {
        this.#sending = false;
        if (this.#isClosed) return;
        if (this.#unacknowledgedBytes >= this.#intervalBytes) this.#acknowledge();
        else if (this.#unacknowledgedBytes > 0) {
          this.#timer ??= setTimeout(() => this.#acknowledge(), acknowledgementIntervalMs);
        }
      });
  }
}
