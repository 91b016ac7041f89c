import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Duplex, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ProblemError, problemSchema } from '../session/problem.ts';
import { type SessionState, sessionStateSchema } from '../session/session-end.ts';
import { type OutputStreamName, sessionPath, type signalRequestSchema } from '../session/session-routes.ts';
import type { SessionSpec, TerminalSize } from '../session/session-spec.ts';
import type { StreamTrailers } from '../session/stream-trailers.ts';
import { initialWindowBytes, WindowEstimator } from '../session/window-estimator.ts';
import type * as z from 'zod';
import { Failure } from './failure.ts';
import { OutputReader } from './output-reader.ts';

/** Node ends a session that buffers more; its default (10 MB) is below our largest windows. */
const maxSessionMemoryMB = 64;
const requestLimitMs = 30_000;
/** 80 MB/s at a round trip of 50 ms. */
const maxWindowBytes = 4 * 1024 * 1024;

/** One connection to an agent's session API. Requests may be sent at once: the agent puts them in order. */
export class SessionClient {
  readonly #session: ClientHttp2Session;
  readonly #estimator: WindowEstimator | null;
  /** Why the connection ended; null while it stands. */
  #lost: Error | null = null;

  /**
   * @param stream the connection; the client ends with it.
   * @param bulk whether data is to be carried fast rather than key presses.
   */
  constructor(stream: Duplex, bulk: boolean) {
    this.#session = connect('http://agent', {
      createConnection: () => stream,
      maxSessionMemory: maxSessionMemoryMB,
      settings: { initialWindowSize: initialWindowBytes, enablePush: false },
    });
    this.#estimator = bulk ? new WindowEstimator(this.#session, maxWindowBytes) : null;
    this.#session.once('connect', () => this.#session.setLocalWindowSize(initialWindowBytes * 2));
    stream.once('error', (error) => (this.#lost ??= error));
    this.#session.on('error', (error: Error) => (this.#lost ??= error));
  }

  /**
   * Starts a session; sent again with the same id it starts nothing.
   * @throws ProblemError when the agent refuses, what broke the connection otherwise.
   */
  async startSession(id: string, spec: SessionSpec, signal: AbortSignal): Promise<SessionState> {
    const body = await this.#exchange('PUT', sessionPath(id), spec, signal);
    return sessionStateSchema.parse(JSON.parse(body));
  }

  /** @returns where the session's stdin goes from an offset on; ending it closes the command's stdin. */
  openStdin(id: string, from: number): Writable {
    const stream = this.#open(
      { ':method': 'PUT', ':path': `${sessionPath(id, 'stdin')}?from=${from}` },
      false,
    );
    // A command that does not read to the end is no failure; a cut shows in the outputs.
    stream.on('error', () => undefined);
    stream.resume();
    return stream;
  }

  /**
   * Reads an output to its end into a sink.
   * @returns how the session ended.
   * @throws Failure `streamCut` when the end is missing or bytes are; ProblemError; the sink's error.
   */
  readOutput(
    id: string,
    name: OutputStreamName,
    sink: Writable,
    onDelivered: (offset: number) => void,
  ): Promise<StreamTrailers> {
    const stream = this.#open({ ':method': 'GET', ':path': `${sessionPath(id, name)}?from=0` }, true);
    const reader = new OutputReader(stream, name, sink);
    return reader.read({
      onReceived: (bytes) => this.#estimator?.received(bytes),
      onDelivered,
      explainCut: () => this.#lost,
    });
  }

  async acknowledge(
    id: string,
    offsets: Partial<Record<OutputStreamName, number>>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#exchange('PUT', sessionPath(id, 'acknowledgement'), offsets, signal);
  }

  async resize(id: string, size: TerminalSize, signal: AbortSignal): Promise<void> {
    await this.#exchange('PUT', sessionPath(id, 'terminal-size'), size, signal);
  }

  async signal(
    id: string,
    name: z.infer<typeof signalRequestSchema>['signal'],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#exchange('POST', sessionPath(id, 'signal'), { signal: name }, signal);
  }

  async deleteSession(id: string, signal: AbortSignal): Promise<void> {
    await this.#exchange('DELETE', sessionPath(id), undefined, signal);
  }

  close(): void {
    this.#session.destroy();
  }

  async #exchange(method: string, path: string, body: unknown, signal: AbortSignal): Promise<string> {
    const limit = AbortSignal.timeout(requestLimitMs);
    const stream = this.#open(
      { ':method': method, ':path': path, 'content-type': 'application/json' },
      body === undefined,
      AbortSignal.any([signal, limit]),
    );
    if (body !== undefined) stream.end(JSON.stringify(body));
    try {
      const status = readStatus(stream);
      const [answer, code] = await Promise.all([text(stream), status]);
      if (code >= 400) throw toProblemError(answer, code);
      return answer;
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      if (signal.aborted) throw signal.reason;
      if (this.#lost) throw this.#lost;
      if (limit.aborted)
        throw new Failure('timeout', `the agent did not answer within ${requestLimitMs / 1000} s`);
      throw new Failure('connectionLost', `the agent broke off: ${String(error)}`, null, { cause: error });
    }
  }

  #open(headers: OutgoingHttpHeaders, endStream: boolean, signal?: AbortSignal): ClientHttp2Stream {
    if (this.#lost) throw this.#lost;
    return this.#session.request(headers, { endStream, ...(signal ? { signal } : {}) });
  }
}

/** @returns the HTTP status; rejects when the stream ends without one. */
export function readStatus(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve, reject) => {
    stream.once('response', (headers: IncomingHttpHeaders) => resolve(Number(headers[':status'])));
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the stream was closed without an answer')));
  });
}

/** @returns what an error answer tells. */
export function toProblemError(body: string, status: number): ProblemError {
  try {
    const problem = problemSchema.parse(JSON.parse(body));
    return new ProblemError(problem.code, problem.title, problem.detail);
  } catch {
    return new ProblemError('internal', `the agent answered with status ${status}`);
  }
}
