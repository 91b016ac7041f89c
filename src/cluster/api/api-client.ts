import { request as requestHTTP, type IncomingMessage } from 'node:http';
import { request as requestHTTPS } from 'node:https';
import { text } from 'node:stream/consumers';
import type * as z from 'zod';
import { getErrorMessage } from '../../failure/error-message.ts';
import { ApiError, type RequestedAccess } from './api-error.ts';
import { Failure } from '../../failure/failure.ts';
import type { ApiConnection } from './kubeconfig.ts';

const defaultTimeoutMs = 30_000;

export interface ApiRequest<Schema extends z.ZodType> {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Without a leading slash; its parts encoded. */
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Of the body; a PATCH has one of its own. */
  contentType?: string;
  schema: Schema;
  access: RequestedAccess;
  signal: AbortSignal;
}

export interface ApiAnswer<Value> {
  value: Value;
  /** Texts of the `Warning` headers. */
  warnings: string[];
  /** What the API server's clock said; null when it did not tell. */
  date: Date | null;
}

/** Requests to one API server, over kept connections. */
export class ApiClient {
  readonly connection: ApiConnection;

  constructor(connection: ApiConnection) {
    this.connection = connection;
  }

  /** @throws ApiError for an error answer, Failure `connection`, `timeout` or what aborted the signal. */
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
        value: request.schema.parse(JSON.parse(body)),
        warnings: readWarnings(response),
        date: readDate(response),
      };
    } catch (error) {
      throw this.#explain(error, request.signal, limit, timeoutMs);
    }
  }

  /** The same, without the headers. */
  async get<Schema extends z.ZodType>(request: ApiRequest<Schema>): Promise<z.infer<Schema>> {
    return (await this.request(request)).value;
  }

  /**
   * Watches a list from what is there now on: each of those comes as ADDED first. Ends when the API server
   * ends the watch, or the signal aborts (by returning).
   */
  async *watch<Schema extends z.ZodType>(
    request: ApiRequest<Schema>,
  ): AsyncGenerator<{ type: string; object: z.infer<Schema> }, void, void> {
    const query = { ...request.query, watch: 'true' };
    try {
      const response = await this.#send({ ...request, query }, request.signal);
      if (response.statusCode !== 200)
        throw new ApiError(response.statusCode ?? 0, await text(response), request.access);
      let rest = '';
      response.setEncoding('utf8');
      for await (const chunk of response) {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          this.connection.trace?.tellAnswerBody(line);
          const event = JSON.parse(line) as { type: string; object: unknown };
          if (event.type === 'ERROR') return;
          const parsed = request.schema.safeParse(event.object);
          if (parsed.success) yield { type: event.type, object: parsed.data };
        }
      }
    } catch (error) {
      if (request.signal.aborted) return;
      throw this.#explain(error, request.signal, null, 0);
    }
  }

  /**
   * A kept connection may be closed just when it is used again; what only reads is asked for once more then:
   * https://nodejs.org/api/http.html#requestreusedsocket
   */
  async #send(request: ApiRequest<z.ZodType>, signal: AbortSignal): Promise<IncomingMessage> {
    for (;;) {
      try {
        return await this.#sendOnce(request, signal);
      } catch (error) {
        const isReading = (request.method ?? 'GET') === 'GET';
        // Each of them took one of the connections that are kept: one that is new in the end fails for good.
        if (!isReading || !(error instanceof StaleConnectionError)) throw error;
      }
    }
  }

  #sendOnce(request: ApiRequest<z.ZodType>, signal: AbortSignal): Promise<IncomingMessage> {
    const { server, options } = this.connection;
    const url = new URL(request.path, server);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    const body = request.body === undefined ? null : JSON.stringify(request.body);
    const method = request.method ?? 'GET';
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
          ...(body === null
            ? {}
            : {
                'Content-Type': request.contentType ?? 'application/json',
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
      'Is the context right, and does `kubectl version` work?',
      { cause: error },
    );
  }
}

/** A connection that was kept had been closed by the other end. */
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
