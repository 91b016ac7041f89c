import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type * as z from 'zod';
import { getAbortReason } from '../../failure/abort-reason.ts';
import { Failure } from '../../failure/failure.ts';
import { LineSplitter } from '../../session-api/connection/line-splitter.ts';
import type { ApiConnection } from './api-connection.ts';
import { describeErrorAnswer, findForeignContent, ForeignAnswerError } from './error-answer.ts';
import { parseAnswer } from './parse-object.ts';
import { type ApiRequest, sendRequest } from './request-sender.ts';
import { explainConnectionError } from './transport/connection-error.ts';

const defaultTimeoutMs = 30_000;

/** An answer of the API server, with what its headers say. */
export interface ApiAnswer<Value> {
  value: Value;
  /** Texts of the `Warning` headers. */
  warnings: string[];
  /** Time of the API server's clock, in whole seconds; null when the answer has no Date header. */
  date: Date | null;
}

/** Sends requests to one API server, over connections that are kept. */
export class ApiClient {
  readonly connection: ApiConnection;

  constructor(connection: ApiConnection) {
    this.connection = connection;
  }

  /**
   * Sends a request and reads the whole answer.
   * @throws ApiError for an error answer; Failure `foreignAnswer` for an answer that is not the API server's, `apiError`
   *   for an answer that does not fit the schema, `connection`, `timeout`, `credentials`; what aborted the signal.
   */
  async request<Schema extends z.ZodType>(request: ApiRequest<Schema>): Promise<ApiAnswer<z.infer<Schema>>> {
    // A credential plugin takes its own time, in which the user may log in.
    return await this.#authenticate(request.signal, () => this.#request(request));
  }

  async #request<Schema extends z.ZodType>(request: ApiRequest<Schema>): Promise<ApiAnswer<z.infer<Schema>>> {
    const timeoutMs = this.connection.requestTimeoutMs ?? defaultTimeoutMs;
    const deadlineMs = performance.now() + timeoutMs;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const signal = AbortSignal.any([request.signal, limit]);
      const read = (answer: IncomingMessage) => this.#readBody(answer);
      const { response, body } = await sendRequest(this.connection, request, { signal, deadlineMs, read });
      if (isError(response)) throw this.#describeError(request, response, body);
      const foreign = findForeignContent(response, body);
      if (foreign !== null) throw this.#describeForeign(response, foreign);
      const value = parseAnswer(request, body);
      if (value === null) throw this.#describeForeign(response, 'JSON that is not of Kubernetes');
      return {
        value: value.object,
        warnings: readWarnings(response),
        date: readDate(response),
      };
    } catch (error) {
      throw this.#explain(error, request.signal, limit, timeoutMs);
    }
  }

  /** Does the same as `request`, and returns the value alone. */
  async get<Schema extends z.ZodType>(request: ApiRequest<Schema>): Promise<z.infer<Schema>> {
    return (await this.request(request)).value;
  }

  /**
   * Sends a request and reads the answer line by line, as it arrives. There is no limit but the signal.
   * @param withRest whether what follows the last newline is a line as well: in a log, and not in a watch, where it is
   *   an event that was cut.
   * @returns the lines, without their ends; the end of the lines is that of the answer.
   * @throws ApiError for an error answer; Failure `foreignAnswer`, `connection`, `credentials`; what aborted the signal.
   */
  async *readLines(
    request: ApiRequest<z.ZodType>,
    { withRest = false } = {},
  ): AsyncGenerator<string, void, void> {
    try {
      const response = await this.#authenticate(request.signal, async () => {
        const { response: opened } = await sendRequest(this.connection, request, {
          ...{ signal: request.signal, deadlineMs: null, read: () => Promise.resolve(null) },
        });
        if (!isError(opened)) return opened;
        throw this.#describeError(request, opened, await this.#readBody(opened));
      });
      // A page of HTML is a watch without an event, as long as nobody looks.
      if (/html/.test(response.headers['content-type'] ?? ''))
        throw this.#describeForeign(response, findForeignContent(response, await this.#readBody(response)));
      const splitter = new LineSplitter();
      response.setEncoding('utf8');
      for await (const chunk of response) {
        for (const line of splitter.push(String(chunk))) {
          this.connection.trace?.tellAnswerBody(line);
          yield line;
        }
      }
      if (withRest) yield* splitter.push('\n').filter((line) => line !== '');
    } catch (error) {
      throw this.#explain(error, request.signal, null, 0);
    }
  }

  /** Sends a request with valid credentials, and once more if they are refused and there are others. */
  async #authenticate<Answer>(signal: AbortSignal, send: () => Promise<Answer>): Promise<Answer> {
    const { credentials } = this.connection;
    const used = await credentials.prepare(signal);
    try {
      return await send();
    } catch (error) {
      // A gateway in front of the API server refuses in its own words.
      const isRefused = error instanceof Failure && 'status' in error && error.status === 401;
      if (!isRefused || !(await credentials.refresh(used, signal))) throw error;
    }
    return await send();
  }

  async #readBody(response: IncomingMessage): Promise<string> {
    const body = await text(response);
    this.connection.trace?.tellAnswerBody(body);
    return body;
  }

  #describeError({ access }: ApiRequest<z.ZodType>, response: IncomingMessage, body: string): Failure {
    return describeErrorAnswer({ response, body, host: this.connection.server.host, access });
  }

  #describeForeign({ statusCode }: IncomingMessage, what: string | null): ForeignAnswerError {
    return new ForeignAnswerError(this.connection.server.host, statusCode ?? 0, what ?? 'a page of HTML');
  }

  #explain(error: unknown, signal: AbortSignal, limit: AbortSignal | null, timeoutMs: number): unknown {
    if (error instanceof Failure) return error;
    const { host } = this.connection.server;
    if (signal.aborted) return getAbortReason(signal, `the API server ${host}`);
    if (limit?.aborted)
      return new Failure('timeout', `the API server ${host} did not answer within ${timeoutMs / 1000} s`);
    const message = explainConnectionError(error, 'certificate-authority');
    return new Failure(
      'connection',
      `the API server ${host} can't be reached${this.connection.via}: ${message}`,
      'Check the context, and whether `kubectl version` works.',
      { cause: error },
    );
  }
}

function isError({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode < 200 || statusCode >= 300;
}

/** The text of each `299 - "text"`. */
function readWarnings(response: IncomingMessage): string[] {
  return (response.headersDistinct['warning'] ?? []).flatMap((value) =>
    [...value.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, quoted]) =>
      (quoted ?? '').replaceAll(/\\(.)/g, '$1'),
    ),
  );
}

function readDate({ headers }: IncomingMessage): Date | null {
  const date = new Date(headers.date ?? '');
  return Number.isNaN(date.getTime()) ? null : date;
}
