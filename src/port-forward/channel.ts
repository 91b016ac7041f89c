import { Duplex } from 'node:stream';
import { channelWindowBytes } from './channel-frames.ts';

/** What a channel sends; the multiplexer makes frames of it. */
export interface ChannelPort {
  /** @param callback is called when there is room for more. */
  sendData: (data: Buffer, callback: () => void) => void;
  sendEnd: () => void;
  sendReset: () => void;
  sendCredit: (bytes: number) => void;
}

/** The other side has cut a connection. */
export class ChannelResetError extends Error {
  override name = 'ChannelResetError';
}

/**
 * A connection in the target: what is written goes to it, what is read comes from it. Its two directions end each by
 * itself. It sends no more than the other side has given credit for.
 */
export class Channel extends Duplex {
  readonly #port: ChannelPort;
  #credit = channelWindowBytes;
  /** What waits for credit. */
  #blocked: (() => void) | null = null;
  /** What was taken over by the reader since the last credit. */
  #taken = 0;
  #isReset = false;

  constructor(port: ChannelPort) {
    super({ allowHalfOpen: true, readableHighWaterMark: channelWindowBytes });
    this.#port = port;
  }

  /** Data have come. */
  receive(data: Buffer): void {
    this.push(data);
    this.#taken += data.length;
    this.#giveCredit();
  }

  /** No more data will come. */
  receiveEnd(): void {
    this.push(null);
  }

  receiveCredit(bytes: number): void {
    this.#credit += bytes;
    const go = this.#blocked;
    this.#blocked = null;
    go?.();
  }

  /** The other side has cut it. */
  receiveReset(why = 'the connection was reset in the target'): void {
    this.#isReset = true;
    this.destroy(new ChannelResetError(why));
  }

  /** Called before the reader takes what waits. */
  override _read(): void {
    process.nextTick(() => this.#giveCredit());
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const now = chunk.subarray(0, this.#credit);
    const rest = chunk.subarray(now.length);
    this.#credit -= now.length;
    const next = () => {
      if (rest.length === 0) return callback();
      this.#blocked = () => this._write(rest, 'binary', callback);
      if (this.#credit > 0) this.receiveCredit(0);
    };
    if (now.length === 0) next();
    else this.#port.sendData(now, next);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#port.sendEnd();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const isWhole = this.writableFinished && this.readableEnded;
    if (!isWhole && !this.#isReset) this.#port.sendReset();
    callback(error);
  }

  /** Only for what the reader has taken: what waits here is bounded by the window. */
  #giveCredit(): void {
    if (this.destroyed) return;
    const waiting = this.readableLength;
    const free = this.#taken - waiting;
    if (free < channelWindowBytes / 4) return;
    this.#taken = waiting;
    this.#port.sendCredit(free);
  }
}
