import {
  acknowledgedShare,
  acknowledgementIntervalMs,
  type OutputStreamName,
} from '../../../session-api/session-routes.ts';

type Offsets = Partial<Record<OutputStreamName, number>>;

/**
 * Tells the agent which output it may forget, often enough that the agent never has to hold the command back for want of
 * an acknowledgement. What is acknowledged has been taken by our sinks: a window update of HTTP/2 does not say that.
 */
export class OutputAcknowledger {
  readonly #intervalBytes: number;
  readonly #send: (offsets: Offsets) => Promise<void>;
  readonly #delivered: Offsets = {};
  #unacknowledgedBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #sending = false;
  #isClosed = false;

  /**
   * @param outputBufferBytes how much the agent keeps of each output.
   * @param send sends an acknowledgement; one that fails is sent again later, maybe over another connection.
   */
  constructor(outputBufferBytes: number, send: (offsets: Offsets) => Promise<void>) {
    this.#intervalBytes = outputBufferBytes * acknowledgedShare;
    this.#send = send;
  }

  /** Notes the offset up to which the sink has taken an output. */
  delivered(name: OutputStreamName, offset: number): void {
    this.#unacknowledgedBytes += offset - (this.#delivered[name] ?? 0);
    this.#delivered[name] = offset;
    if (this.#unacknowledgedBytes >= this.#intervalBytes) this.#acknowledge();
    else this.#timer ??= setTimeout(() => this.#acknowledge(), acknowledgementIntervalMs);
  }

  /** Sends no further acknowledgement. */
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
        // So that the timer below sends it again.
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
