import type { ClientHttp2Session, ServerHttp2Session } from 'node:http2';

type Http2Session = ClientHttp2Session | ServerHttp2Session;

export const initialWindowBytes = 256 * 1024;

/**
 * Lets the receive windows grow with what the connection carries in a round trip, as gRPC's estimator of the
 * bandwidth-delay product does. Fixed large windows would put seconds of data before every key press on a slow link;
 * small windows would slow a fast link down.
 */
export class WindowEstimator {
  readonly #session: Http2Session;
  readonly #maxWindow: number;
  #window = initialWindowBytes;
  #sample: number | null = null;
  #highestBytesPerMs = 0;

  /** @param maxWindowBytes of one stream: the most that a slow reader may have to hold. */
  constructor(session: Http2Session, maxWindowBytes: number) {
    this.#session = session;
    this.#maxWindow = maxWindowBytes;
  }

  /** To be called with the size of each piece of data as it comes. */
  received(bytes: number): void {
    if (this.#sample !== null) {
      this.#sample += bytes;
      return;
    }
    if (this.#window >= this.#maxWindow || this.#session.closed || this.#session.destroyed) return;
    this.#sample = bytes;
    this.#session.ping((error, durationMs) => {
      const sample = this.#sample ?? 0;
      this.#sample = null;
      if (error === null) this.#update(sample, durationMs);
    });
  }

  #update(sample: number, durationMs: number): void {
    const rate = sample / Math.max(durationMs, 0.1);
    // Only data that fills the window shows that the window is the limit.
    if (sample < this.#window * 0.66 || rate <= this.#highestBytesPerMs) return;
    if (this.#session.closed || this.#session.destroyed) return;
    this.#highestBytesPerMs = rate;
    this.#window = Math.min(sample * 2, this.#maxWindow);
    this.#session.setLocalWindowSize(this.#window * 2);
    this.#session.settings({ initialWindowSize: this.#window });
  }
}
