import { type ClientHttp2Stream, constants } from 'node:http2';
import type { Readable } from 'node:stream';
import { parseJSON } from '../../session-api/json-text.ts';
import { LineSplitter } from '../../session-api/line-splitter.ts';
import { type StdinProgress, stdinProgressSchema } from '../../session-api/session-routes.ts';
import { Failure } from '../../failure/failure.ts';

/** What the agent has not said that it has: 80 MB/s at a round trip of 50 ms. */
const maxUnacknowledgedBytes = 4 * 1024 * 1024;
const maxProgressLineCharacters = 4096;

/** Sends stdin, over one connection after the other; what the agent may not have received is kept to be sent again. */
export class StdinSender {
  readonly #source: Readable;
  readonly #queue: Buffer[] = [];
  #queuedBytes = 0;
  /** Offset of the queue's first byte; null until the agent has told it. */
  #offset: number | null;
  #hasEnded = false;
  #isClosed = false;
  /** Whether the command's stdin is closed. */
  #isTaken = false;
  #stream: ClientHttp2Stream | null = null;
  /** Rejects when the source can't be read on. */
  readonly #broken = Promise.withResolvers<never>();

  /** @param from offset of the source's first byte; null: it follows what others have sent to the session. */
  constructor(source: Readable, from: number | null) {
    this.#source = source;
    this.#offset = from;
    this.#broken.promise.catch(() => undefined);
    source.on('data', this.#take).once('end', this.#end).once('error', this.#break);
  }

  /** Offset to go on from; null: after all that the agent has received. */
  get offset(): number | null {
    return this.#offset;
  }

  /**
   * Sends over a connection until the command's stdin is closed, or will not be read any more.
   * @param stream of a request from `offset` on.
   * @throws Failure `streamCut` when it broke before, `stdinFailed` when the source can't be read on.
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
      // Not its end: the command would take what it has for all.
      stream.close(constants.NGHTTP2_CANCEL);
      throw error;
    } finally {
      this.#stream = null;
    }
    // Its end alone says nothing: a connection that is closed in good order ends its streams, too.
    if (!this.#isTaken) throw new Failure('streamCut', 'the way of stdin to the command was cut');
  }

  /** Lets go of the source, which others may read then, and of the connection. */
  close(): void {
    this.#isClosed = true;
    this.#source.off('data', this.#take).off('end', this.#end).off('error', this.#break);
    // Whatever it is: unread, a terminal or pipe would keep this process from ending.
    this.#source.pause();
    this.#stream?.destroy();
  }

  #sendFrom(stream: ClientHttp2Stream): void {
    this.#stream = stream;
    // Its own limit is none: what is not acknowledged is limited, and all that it can hold.
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
        'The command has not been given all of it, and was not told that this was its end.',
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
