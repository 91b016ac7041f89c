import { createHash } from 'node:crypto';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { offsetHeader, type OutputStreamName } from '../../session-api/session-routes.ts';
import { parseTrailers, type StreamTrailers } from '../../session-api/stream-trailers.ts';
import { toProblemError } from './agent-problem.ts';
import { Failure } from '../../failure/failure.ts';

const maxProblemBytes = 64 * 1024;

export interface OutputEvents {
  /** Called with the offset up to which the sink has taken everything. */
  onDelivered: (offset: number) => void;
  /** Called with the size of what is lost when a terminal's output goes on after a gap. */
  onGap: (missingBytes: number) => void;
}

export interface OutputConnection {
  stream: ClientHttp2Stream;
  /** Called with the size of each piece, as it comes. */
  onReceived: (bytes: number) => void;
  /** @returns why the connection is gone, when that is known. */
  explainCut: () => Error | null;
}

/** Passes one output on, over one connection after the other, and checks at its end that nothing is missing. */
export class OutputReader {
  readonly #name: OutputStreamName;
  readonly #sink: Writable;
  readonly #events: OutputEvents;
  /** null: it was not read from its first byte on, or something in between is lost. */
  #hash: ReturnType<typeof createHash> | null = createHash('sha256');
  /** null before the first connection, when that shall begin where the agent says. */
  #received: number | null;
  /** Bytes that were written to the sink, and those of them that it has taken. */
  #written = 0;
  #taken = 0;

  /** @param from offset to begin at; null: what the agent begins with (session-routes.ts). */
  constructor(name: OutputStreamName, sink: Writable, from: number | null, events: OutputEvents) {
    this.#name = name;
    this.#sink = sink;
    this.#received = from;
    this.#events = events;
  }

  /** Offset of the next byte; null: whatever the agent begins with. */
  get offset(): number | null {
    return this.#received;
  }

  /**
   * Reads on to the end.
   * @throws Failure `streamCut` when the end is missing, `streamCorrupt` when bytes are; what cut the connection;
   *   ProblemError; the sink's error.
   */
  async read({ stream, onReceived, explainCut }: OutputConnection): Promise<StreamTrailers> {
    let sinkError: Error | null = null;
    let status = 0;
    let trailers: IncomingHttpHeaders | null = null;
    let problem = '';
    let source: Readable = stream;
    const resume = () => source.resume();
    const onSinkError = (error: Error) => {
      sinkError ??= error;
      // Not close(): that would wait until what has come is read.
      stream.destroy();
    };
    this.#sink.on('drain', resume);
    this.#sink.on('error', onSinkError);
    stream.once('response', (answer) => {
      status = Number(answer[':status']);
      if (status === 200) {
        this.#begin(answer);
        source = decode(stream, answer);
      }
      // Not before: data that came along with the headers is told first.
      source.on('data', (chunk: Buffer) => {
        if (status !== 200) {
          if (problem.length < maxProblemBytes) problem += chunk.toString();
          return;
        }
        onReceived(chunk.length);
        if (!this.#receive(chunk)) source.pause();
      });
    });
    stream.once('trailers', (answer) => (trailers = answer));
    try {
      await waitForEnd(stream, () => source);
      if (status >= 400) throw toProblemError(problem, status);
      const end = this.#check(trailers, stream.readableEnded, explainCut());
      await this.#waitForSink(() => sinkError);
      return end;
    } catch (error) {
      // Whatever was cut then was so by us.
      throw sinkError ?? error;
    } finally {
      this.#sink.off('drain', resume);
      this.#sink.off('error', onSinkError);
    }
  }

  #begin(headers: IncomingHttpHeaders): void {
    const offset = Number(headers[offsetHeader] ?? this.#received ?? 0);
    const missing = offset - (this.#received ?? offset);
    if (missing > 0) this.#events.onGap(missing);
    if (offset !== (this.#received ?? 0)) this.#hash = null;
    this.#received = offset;
  }

  /** @returns whether the sink takes more. */
  #receive(chunk: Buffer): boolean {
    this.#received = (this.#received ?? 0) + chunk.length;
    const offset = this.#received;
    this.#written += chunk.length;
    this.#hash?.update(chunk);
    return this.#sink.write(chunk, (error) => {
      if (error) return;
      this.#taken += chunk.length;
      this.#events.onDelivered(offset);
    });
  }

  async #waitForSink(findError: () => Error | null): Promise<void> {
    if (this.#taken === this.#written) return;
    // Its last callback comes after those of all writes before it.
    await new Promise<void>((resolve, reject) => {
      this.#sink.once('error', reject);
      this.#sink.write('', () => {
        this.#sink.off('error', reject);
        const error = findError();
        if (error) reject(error);
        else resolve();
      });
    });
  }

  #check(headers: IncomingHttpHeaders | null, isWhole: boolean, lost: Error | null): StreamTrailers {
    const trailers = headers === null ? null : parseTrailers(headers);
    const received = this.#received ?? 0;
    // Trailers come ahead of what waits in the stream for a slow sink: a cut then still loses that.
    if (trailers === null || (!isWhole && received < trailers.bytes)) {
      if (lost) throw lost;
      throw new Failure('streamCut', this.#describe(`it ended after ${received} bytes without saying so`));
    }
    if (trailers.bytes !== received)
      throw new Failure('streamCorrupt', this.#describe(`${received} of ${trailers.bytes} bytes have come`));
    if (this.#hash !== null && trailers.sha256 !== this.#hash.digest('hex'))
      throw new Failure('streamCorrupt', this.#describe('its bytes are not those that were sent'));
    return trailers;
  }

  #describe(why: string): string {
    return `the command's ${this.#name} was cut: ${why}`;
  }
}

/** @returns the bytes themselves, whatever they are sent as. */
function decode(stream: ClientHttp2Stream, headers: IncomingHttpHeaders): Readable {
  if (headers['content-encoding'] !== 'zstd') return stream;
  const decoder = createZstdDecompress();
  // A cut stream's last frame is not complete: what is missing then is told by the trailers that are not there.
  decoder.on('error', () => stream.destroy());
  stream.once('close', () => decoder.end());
  return stream.pipe(decoder);
}

/** Waits until everything that came was read, or the stream is gone. */
function waitForEnd(stream: ClientHttp2Stream, findSource: () => Readable): Promise<void> {
  return new Promise((resolve) => {
    // An error says less than what is missing then.
    stream.on('error', () => undefined);
    stream.once('response', () => {
      const source = findSource();
      source.once('end', resolve);
      if (source !== stream) source.once('close', resolve);
    });
    stream.once('close', () => {
      if (findSource() === stream) resolve();
    });
  });
}
