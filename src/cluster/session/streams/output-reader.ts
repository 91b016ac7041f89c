import { createHash } from 'node:crypto';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { offsetHeader, type OutputStreamName } from '../../../session-api/session-routes.ts';
import { parseTrailers, type StreamTrailers } from '../../../session-api/stream-trailers.ts';
import { parseProblem } from '../../../session-api/problem.ts';
import { Failure } from '../../../failure/failure.ts';

const maxProblemBytes = 64 * 1024;

/** Who is told how an output proceeds. */
export interface OutputEvents {
  /** Called over each connection before the first byte is written to the sink. */
  onBegin?: (() => void) | undefined;
  /** Called with the offset up to which the sink has taken everything. */
  onDelivered: (offset: number) => void;
  /** Called with the number of bytes that are lost when a terminal's output goes on after a gap. */
  onGap: (missingBytes: number) => void;
}

/** The answer to one request for an output (`SessionClient.openOutput`). */
export interface OutputConnection {
  stream: ClientHttp2Stream;
  /** To be called with the size of each piece as soon as it has arrived. */
  onReceived: (bytes: number) => void;
  /** @returns why the connection was lost; null when that is not known. */
  explainCut: () => Error | null;
}

/** Passes one output on, over one connection after the other, and checks at the end that nothing is missing. */
export class OutputReader {
  readonly #name: OutputStreamName;
  readonly #sink: Writable;
  readonly #events: OutputEvents;
  /** null: the output was not read from its first byte on, or has a gap. */
  #hash: ReturnType<typeof createHash> | null = createHash('sha256');
  /** Offset of the next byte; null before the first answer, if the agent chooses where to begin. */
  #received: number | null;
  /** Bytes that were written to the sink, and those of them that the sink has taken. */
  #written = 0;
  #taken = 0;

  /** @param from offset to begin at; null: the agent chooses (`readStdout` in session-routes.ts). */
  constructor(name: OutputStreamName, sink: Writable, from: number | null, events: OutputEvents) {
    this.#name = name;
    this.#sink = sink;
    this.#received = from;
    this.#events = events;
  }

  /** Offset to ask for next; null: the agent chooses. */
  get offset(): number | null {
    return this.#received;
  }

  /**
   * Reads on, over one connection, to the end of the output.
   * @returns the trailers, with how the session ended.
   * @throws Failure `streamCut` when the end is missing, `streamCorrupt` when bytes are missing or differ; what cut the
   *   connection; ProblemError; the sink's error.
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
      // Not close(): that waits until all data that has arrived is read.
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
      // Only now, because `source` is not known before. Node emits 'response' ahead of 'data'.
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
      if (status >= 400) throw parseProblem(problem, status);
      const end = this.#check(trailers, stream.readableEnded, explainCut());
      await this.#waitForSink(() => sinkError);
      return end;
    } catch (error) {
      // After an error of the sink we cut the stream ourselves.
      throw sinkError ?? error;
    } finally {
      this.#sink.off('drain', resume);
      this.#sink.off('error', onSinkError);
    }
  }

  #begin(headers: IncomingHttpHeaders): void {
    this.#events.onBegin?.();
    const offset = Number(headers[offsetHeader] ?? this.#received ?? 0);
    const missing = offset - (this.#received ?? offset);
    if (missing > 0) this.#events.onGap(missing);
    if (offset !== (this.#received ?? 0)) this.#hash = null;
    this.#received = offset;
  }

  /** @returns whether the sink takes more at once. */
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
    // A Writable calls back in order: this callback comes after those of all earlier writes.
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
    // Trailers overtake the data that waits in the stream for a slow sink: a cut at this point loses that data.
    if (trailers === null || (!isWhole && received < trailers.bytes)) {
      if (lost) throw lost;
      throw new Failure(
        'streamCut',
        this.#describe(`the stream ended after ${received} bytes without its trailers`),
      );
    }
    if (trailers.bytes !== received)
      throw new Failure('streamCorrupt', this.#describe(`${received} of ${trailers.bytes} bytes arrived`));
    if (this.#hash !== null && trailers.sha256 !== this.#hash.digest('hex'))
      throw new Failure(
        'streamCorrupt',
        this.#describe('the bytes that arrived are not the ones that were sent'),
      );
    return trailers;
  }

  #describe(why: string): string {
    return `the command's ${this.#name} was cut: ${why}`;
  }
}

/** @returns the output's bytes, decompressed if need be. */
function decode(stream: ClientHttp2Stream, headers: IncomingHttpHeaders): Readable {
  if (headers['content-encoding'] !== 'zstd') return stream;
  const decoder = createZstdDecompress();
  // The last frame of a cut stream is incomplete. The missing trailers then say what is wrong, not this error.
  decoder.on('error', () => stream.destroy());
  stream.once('close', () => decoder.end());
  return stream.pipe(decoder);
}

/** Waits until all data that arrived was read, or the stream is closed. */
function waitForEnd(stream: ClientHttp2Stream, findSource: () => Readable): Promise<void> {
  return new Promise((resolve) => {
    // Ignored: what is missing at the end says more than the error.
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
