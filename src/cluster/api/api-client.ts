import { request as requestHTTP, type IncomingMessage } from 'node:http';
import { request as requestHTTPS } from 'node:https';
import { text } from 'node:stream/consumers';
import type * as z from 'zod';
import { getErrorMessage } from '../../failure/error-message.ts';
import { Failure } from '../../failure/failure.ts';
import { LineSplitter } from '../../session-api/connection/line-splitter.ts';
import { ApiError } from './api-error.ts';
import type { ApiConnection } from './kubeconfig.ts';
import { parseAnswer } from './parse-object.ts';
import type { ResourceRequest } from './resources.ts';

const defaultTimeoutMs = 30_000;

/** A request to a resource, as resources.ts describes it, with what this call adds. */
export interface ApiRequest<Schema extends z.ZodType> extends ResourceRequest<Schema> {
  query?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  signal: AbortSignal;
}

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
   * @throws ApiError for an error answer; Failure `apiError` for an answer that does not fit the schema, `connection`,
   *   `timeout`; what aborted the signal.
   */
  async request<Schema extends z.ZodType>(request: ApiRequest<Schema>): Promise<ApiAnswer<z.infer<Schema>>> {
    const timeoutMs = this.connection.requestTimeoutMs ?? defaultTimeoutMs;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await this.#send(request, AbortSignal.any([request.signal, limit]));
      const body = await text(response);
      this.connection.trace?.tellAnswerBody(body);
      if ((response.statusCode ?? 0) >= 300)
        throw new ApiError(response.statusCode ?? 0, body, request.access);
      return {
        value: parseAnswer(request, body),
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
   * @returns the lines, without their ends; the end of the lines is that of the answer.
   * @throws ApiError for an error answer; Failure `connection`; what aborted the signal.
   */
  async *readLines(request: ApiRequest<z.ZodType>): AsyncGenerator<string, void, void> {
    try {
      const response = await this.#send(request, request.signal);
      if (response.statusCode !== 200)
        throw new ApiError(response.statusCode ?? 0, await text(response), request.access);
      const splitter = new LineSplitter();
      response.setEncoding('utf8');
      for await (const chunk of response) {
        for (const line of splitter.push(String(chunk))) {
          this.connection.trace?.tellAnswerBody(line);
          yield line;
        }
      }
    } catch (error) {
      throw this.#explain(error, request.signal, null, 0);
    }
  }

  /**
   * Sends a request. A kept connection may be closed just when it is used again: a request that only reads is sent once
   * more then. https://nodejs.org/api/http.html#requestreusedsocket
   */
  async #send(request: ApiRequest<z.ZodType>, signal: AbortSignal): Promise<IncomingMessage> {
    for (;;) {
      try {
        return await this.#sendOnce(request, signal);
      } catch (error) {
        // Each retry uses up one kept connection, so this ends: a new connection is never stale.
        if (request.method !== 'GET' || !(error instanceof StaleConnectionError)) throw error;
      }
    }
  }

  #sendOnce(request: ApiRequest<z.ZodType>, signal: AbortSignal): Promise<IncomingMessage> {
    const { server, options } = this.connection;
    const { method, contentType = 'application/json' } = request;
    const url = new URL(request.path, server);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    const body = request.body === undefined ? null : JSON.stringify(request.body);
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'http:' ? requestHTTP : requestHTTPS;
      const outgoing = send(url, {
        ...options,
        method,
        headers: {
          ...options.headers,
          Accept: 'application/json',
          'User-Agent': 'kubectl-crashcart',
          ...(body !== null && {
            'Content-Type': contentType,
            'Content-Length': Buffer.byteLength(body),
          }),
        },
        signal,
      });
      this.connection.trace?.tellRequest(method, url, outgoing.getHeaders(), body);
      outgoing.once('response', (response) => {
        const ms = Math.round(performance.now() - startedAt);
        this.connection.trace?.tellAnswer(method, url, response.statusCode, ms);
        resolve(response);
      });
      outgoing.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          outgoing.reusedSocket && error.code === 'ECONNRESET' ? new StaleConnectionError(error) : error,
        ),
      );
      outgoing.end(body ?? undefined);
    });
  }

  #explain(error: unknown, signal: AbortSignal, limit: AbortSignal | null, timeoutMs: number): unknown {
    if (error instanceof Failure) return error;
    if (signal.aborted) return signal.reason;
    const { host } = this.connection.server;
    if (limit?.aborted)
      return new Failure('timeout', `the API server ${host} did not answer within ${timeoutMs / 1000} s`);
    const message = getErrorMessage(error);
    return new Failure(
      'connection',
      `the API server ${host} can't be reached: ${message}`,
      'Check the context, and whether `kubectl version` works.',
      { cause: error },
    );
  }
}

/** A kept connection had been closed by the other end. */
class StaleConnectionError extends Error {
  override name = 'StaleConnectionError';

  constructor(cause: Error) {
    super(cause.message, { cause });
  }
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
