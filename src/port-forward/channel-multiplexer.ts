import { PassThrough, Writable } from 'node:stream';
import { Channel } from './channel.ts';
import {
  type ChannelFrame,
  type ChannelFrameKind,
  ChannelFrameReader,
  encodeChannelHead,
  firstTargetChannel,
} from './channel-frames.ts';

/** What the target's side connects to: a port, or a socket of its file system. */
export type ForwardPlace = { host: string; port: number } | { path: string };

/** A connection was not made, and why. */
export class ConnectError extends Error {
  override name = 'ConnectError';
}

/** Carries many connections over two streams: those of a session. */
export class ChannelMultiplexer {
  /** What is sent to the other side. */
  readonly output = new PassThrough({ highWaterMark: 1024 * 1024 });
  /** What comes from the other side is written to it. */
  readonly input: Writable;
  readonly #reader = new ChannelFrameReader();
  readonly #channels = new Map<number, Channel>();
  readonly #asked = new Map<number, PromiseWithResolvers<Buffer>>();
  readonly #listeners = new Map<number, (channel: Channel) => void>();
  readonly #ready = Promise.withResolvers<Buffer>();
  #next = 1;

  constructor() {
    this.#asked.set(0, this.#ready);
    this.#ready.promise.catch(() => undefined);
    this.input = new Writable({
      write: (piece: Buffer, _encoding, callback) => {
        try {
          for (const frame of this.#reader.push(piece)) this.#take(frame);
          callback();
        } catch (error) {
          callback(error as Error);
        }
      },
    });
  }

  /** Settles when the other side runs. */
  get ready(): Promise<unknown> {
    return this.#ready.promise;
  }

  /** Open connections. */
  get size(): number {
    return this.#channels.size;
  }

  /** @throws ConnectError. */
  async connect(place: ForwardPlace): Promise<Channel> {
    const number = this.#next++;
    const channel = this.#create(number);
    try {
      await this.#ask('open', number, place);
      return channel;
    } catch (error) {
      this.#channels.delete(number);
      channel.receiveReset();
      channel.on('error', () => undefined);
      throw error;
    }
  }

  /**
   * Has the other side listen.
   * @param accept is given each connection.
   * @returns the port.
   * @throws ConnectError.
   */
  async listen(place: { host: string; port: number }, accept: (channel: Channel) => void): Promise<number> {
    const number = this.#next++;
    this.#listeners.set(number, accept);
    const answer = await this.#ask('listen', number, place);
    return (JSON.parse(answer.toString()) as { port: number }).port;
  }

  /** Cuts all connections. */
  close(why: string): void {
    for (const { reject } of this.#asked.values()) reject(new ConnectError(why));
    this.#asked.clear();
    for (const channel of this.#channels.values()) channel.receiveReset(why);
    this.#channels.clear();
    this.output.end();
  }

  async #ask(kind: 'open' | 'listen', number: number, place: ForwardPlace): Promise<Buffer> {
    const answer = Promise.withResolvers<Buffer>();
    this.#asked.set(number, answer);
    this.#send(kind, number, Buffer.from(JSON.stringify(place)));
    return await answer.promise;
  }

  #create(number: number): Channel {
    const channel = new Channel({
      sendData: (data, callback) => {
        if (this.#send('data', number, data)) callback();
        else this.output.once('drain', callback);
      },
      sendEnd: () => this.#send('end', number),
      sendReset: () => this.#send('reset', number),
      sendCredit: (bytes) => {
        const content = Buffer.allocUnsafe(4);
        content.writeUInt32LE(bytes);
        this.#send('credit', number, content);
      },
    });
    // Each channel that waits for the output has a listener.
    this.output.setMaxListeners(0);
    this.#channels.set(number, channel);
    channel.once('close', () => this.#channels.delete(number));
    return channel;
  }

  /** @returns false: the output is full. */
  #send(kind: ChannelFrameKind, number: number, content: Buffer = Buffer.alloc(0)): boolean {
    if (this.output.writableEnded) return true;
    this.output.cork();
    this.output.write(encodeChannelHead(kind, number, content.length));
    const hasRoom = content.length === 0 || this.output.write(content);
    this.output.uncork();
    return hasRoom;
  }

  #take({ kind, channel: number, content }: ChannelFrame): void {
    const asked = this.#asked.get(number);
    if (kind === 'opened' || kind === 'failed') {
      this.#asked.delete(number);
      if (kind === 'opened') asked?.resolve(Buffer.from(content));
      else asked?.reject(new ConnectError(content.toString()));
      return;
    }
    if (kind === 'open' && number >= firstTargetChannel) {
      const { listener } = JSON.parse(content.toString()) as { listener: number };
      const accept = this.#listeners.get(listener);
      if (accept === undefined) throw new RangeError(`a connection of an unknown port (${listener})`);
      return accept(this.#create(number));
    }
    const channel = this.#channels.get(number);
    if (kind === 'data') channel?.receive(content);
    else if (kind === 'end') channel?.receiveEnd();
    else if (kind === 'credit') channel?.receiveCredit(content.readUInt32LE());
    else if (kind === 'reset') channel?.receiveReset();
  }
}
