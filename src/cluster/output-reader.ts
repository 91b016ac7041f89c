import { createHash } from 'node:crypto';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Writable } from 'node:stream';
import { ProblemError, problemSchema } from '../session/problem.ts';
import type { OutputStreamName } from '../session/session-routes.ts';
import { parseTrailers, type StreamTrailers } from '../session/stream-trailers.ts';
import { Failure } from './failure.ts';

const maxProblemBytes = 64 * 1024;

export interface OutputReading {
  /** Called with the size of each piece, as it comes. */
  onReceived: (bytes: number) => void;
  /** Called with the offset up to which the sink has taken everything. */
  onDelivered: (offset: number) => void;
  /** @returns why the connection is gone, when that is known. */
  explainCut: () => Error | null;
}

/** Passes one output on, and checks at its end that nothing of it is missing. */
export class OutputReader {
  readonly #stream: ClientHttp2Stream;
  readonly #name: OutputStreamName;
  readonly #sink: Writable;
  readonly #hash = createHash('sha256');
  #received = 0;
  #delivered = 0;
  #status: number | null = null;
  #trailers: IncomingHttpHeaders | null = null;
  /** Everything has been received; what is left is for the sink to take. */
  #isComplete = false;
  #problem = '';

  constructor(stream: ClientHttp2Stream, name: OutputStreamName, sink: Writable) {
    this.#stream = stream;
    this.#name = name;
    this.#sink = sink;
  }

  /** @throws Failure `streamCut`, ProblemError, the sink's error. */
  async read(reading: OutputReading): Promise<StreamTrailers> {
    const { promise: written, resolve: reportWritten, reject: failWriting } = Promise.withResolvers<void>();
    written.catch(() => undefined);
    let sinkError: Error | null = null;
    const stream = this.#stream;
    const resume = () => stream.resume();
    const onSinkError = (error: Error) => {
      sinkError ??= error;
      failWriting(error);
      // Not close(): that would wait until what has come is read.
      stream.destroy();
    };
    this.#sink.on('drain', resume);
    this.#sink.on('error', onSinkError);
    try {
      stream.once('response', (headers) => {
        this.#status = Number(headers[':status']);
        // Not before: data that came along with the headers is told first.
        stream.on('data', (chunk: Buffer) => this.#receive(chunk, reading, reportWritten));
      });
      stream.once('trailers', (headers) => (this.#trailers = headers));
      await this.#waitForClose();
      const trailers = this.#check(reading.explainCut());
      this.#isComplete = true;
      if (this.#delivered < this.#received) await written;
      return trailers;
    } catch (error) {
      // Whatever was cut then was so by us.
      throw sinkError ?? error;
    } finally {
      this.#sink.off('drain', resume);
      this.#sink.off('error', onSinkError);
    }
  }

  #receive(chunk: Buffer, reading: OutputReading, reportWritten: () => void): void {
    if (this.#status !== 200) {
      if (this.#problem.length < maxProblemBytes) this.#problem += chunk.toString();
      return;
    }
    reading.onReceived(chunk.length);
    this.#received += chunk.length;
    this.#hash.update(chunk);
    const more = this.#sink.write(chunk, (error) => {
      if (error) return;
      this.#delivered += chunk.length;
      reading.onDelivered(this.#delivered);
      // Not when the trailers are there: what came before them may still wait in the paused stream.
      if (this.#isComplete && this.#delivered === this.#received) reportWritten();
    });
    if (!more) this.#stream.pause();
  }

  #waitForClose(): Promise<void> {
    return new Promise((resolve) => {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      this.#stream.once('end', end);
      // An error says less than what is missing then.
      this.#stream.on('error', () => undefined);
      this.#stream.once('close', () => resolve());
      // What was received is read before the end is judged.
      void ended.then(() => resolve());
    });
  }

  #check(lost: Error | null): StreamTrailers {
    if (this.#status !== null && this.#status >= 400) throw this.#toProblem();
    const trailers = this.#trailers === null ? null : parseTrailers(this.#trailers);
    if (trailers === null) {
      if (lost) throw lost;
      throw this.#cut(`it ended after ${this.#received} bytes without saying so`);
    }
    if (trailers.bytes !== this.#received)
      throw this.#cut(`${this.#received} of ${trailers.bytes} bytes have come`);
    if (trailers.sha256 !== this.#hash.digest('hex'))
      throw this.#cut('its bytes are not those that were sent');
    return trailers;
  }

  #cut(why: string): Failure {
    return new Failure('streamCut', `the command's ${this.#name} was cut: ${why}`);
  }

  #toProblem(): ProblemError {
    try {
      const { code, title, detail } = problemSchema.parse(JSON.parse(this.#problem));
      return new ProblemError(code, title, detail);
    } catch {
      return new ProblemError('internal', `the agent answered with status ${this.#status}`);
    }
  }
}
