import type { ClientHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { parseJSON } from '../../../session-api/connection/json-text.ts';
import { LineSplitter } from '../../../session-api/connection/line-splitter.ts';
import { type StdinProgress, stdinProgressSchema } from '../../../session-api/session-routes.ts';
import { Failure } from '../../../failure/failure.ts';

/** Limit of what the agent has not acknowledged: enough for 80 MB/s at a round trip of 50 ms. */
const maxUnacknowledgedBytes = 4 * 1024 * 1024;
const maxProgressLineCharacters = 4096;

/** Sends stdin, over one connection after the other. What the agent has not acknowledged is kept, to be sent again. */
export class StdinSender {
  readonly #source: Readable;
  readonly #queue: Buffer[] = [];
  #queuedBytes = 0;
  /** Offset of the queue's first byte; null until the agent has said where this stdin begins. */
  #offset: number | null;
  #hasEnded = false;
  #isClosed = false;
  /** Whether the agent has closed the command's stdin. */
  #isTaken = false;
  #stream: ClientHttp2Stream | null = null;
  /** Rejects when the source can't be read any further. */
  readonly #broken = Promise.withResolvers<never>();

  /** @param from offset of the source's first byte; null: after what other clients have sent to the session. */
  constructor(source: Readable, from: number | null) {
    this.#source = source;
    this.#offset = from;
    this.#broken.promise.catch(() => undefined);
    source.on('data', this.#take).once('end', this.#end).once('error', this.#break);
  }

  /** Offset to ask for next; null: after all that the agent has received. */
  get offset(): number | null {
    return this.#offset;
  }

  /**
   * Sends over one connection until the agent has closed the command's stdin, or {@link close} is called.
   * @param stream of a request that begins at {@link offset}.
   * @throws Failure `streamCut` when the connection ended before that, `stdinFailed` when the source can't be read any
   *   further.
   */
  async send(stream: ClientHttp2Stream): Promise<void> {
    const lines = new LineSplitter(maxProgressLineCharacters);
    stream.on('error', () => undefined);
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      for (const line of lines.push(text)) this.#acknowledge(line, stream);
    });
    if (this.#offset !== null) this.#sendFrom(stream);
    const over = new Promise((resolve) => stream.once('end', resolve).once('close', resolve));
    try {
      await Promise.race([over, this.#broken.promise]);
    } catch (error) {
      // Not end(): the command would take what it has received for the whole of stdin. Nor close(), which ends the stream
      // before it resets it: https://github.com/nodejs/node/blob/v26.0.0/lib/internal/http2/core.js (closeStream)
      stream.destroy(error as Error);
      throw error;
    } finally {
      this.#stream = null;
    }
    // That the answer ended is no proof: an orderly close of the connection ends its streams, too.
    if (!this.#isTaken && !this.#isClosed)
      throw new Failure('streamCut', 'the connection that carries stdin was lost');
  }

  /** Stops reading the source, which others may then read, and ends the request. */
  close(): void {
    this.#isClosed = true;
    this.#source.off('data', this.#take).off('end', this.#end).off('error', this.#break);
    // A terminal or pipe that flows would keep this process from ending.
    this.#source.pause();
    this.#stream?.destroy();
  }

  #sendFrom(stream: ClientHttp2Stream): void {
    this.#stream = stream;
    // The return value of write() (HTTP/2's high-water mark) is ignored on purpose: #queue is bounded.
    for (const chunk of this.#queue) stream.write(chunk);
    if (this.#hasEnded) stream.end();
  }

  readonly #take = (chunk: Buffer | string): void => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#stream?.write(bytes);
    if (this.#queuedBytes >= maxUnacknowledgedBytes) this.#source.pause();
  };

  readonly #end = (): void => {
    this.#hasEnded = true;
    this.#stream?.end();
  };

  readonly #break = (error: Error): void => {
    this.#broken.reject(
      new Failure(
        'stdinFailed',
        `stdin can't be read: ${error.message}`,
        'The command has received only a part of stdin, and its stdin was not closed.',
        { cause: error },
      ),
    );
  };

  #acknowledge(line: string, stream: ClientHttp2Stream): void {
    const progress = parseProgress(line);
    if (progress === null) return;
    this.#isTaken = progress.isEnded;
    if (this.#offset === null) {
      this.#offset = progress.received;
      this.#sendFrom(stream);
      return;
    }
    let bytes = progress.received - this.#offset;
    while (bytes > 0) {
      const [first] = this.#queue;
      if (first === undefined) return;
      const known = Math.min(bytes, first.length);
      if (known === first.length) this.#queue.shift();
      else this.#queue[0] = first.subarray(known);
      this.#offset += known;
      this.#queuedBytes -= known;
      bytes -= known;
    }
    if (this.#queuedBytes < maxUnacknowledgedBytes && !this.#isClosed) this.#source.resume();
  }
}

function parseProgress(line: string): StdinProgress | null {
  return stdinProgressSchema.safeParse(parseJSON(line)).data ?? null;
}
