import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import type { ApiConnection } from './api-connection.ts';
import { type Received, sendWithRetries } from './request-retry.ts';
import type { ResourceRequest } from './resources.ts';
import { beginRequest } from './transport/http-request.ts';

/** As Go's HTTP client, and so kubectl. */
const maxRedirections = 10;
const redirections = [301, 302, 303, 307, 308];

/** A request to a resource, as resources.ts describes it, with what this call adds. */
export interface ApiRequest<Schema extends z.ZodType> extends ResourceRequest<Schema> {
  query?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  signal: AbortSignal;
}

/** How a request is sent. */
export interface SendOptions<Body> {
  signal: AbortSignal;
  /**
   * When the last attempt has to begin, on the clock of performance.now(); null for a watch, which has no limit, and
   * which its caller begins again after a failure.
   */
  deadlineMs: number | null;
  /** Reads the answer. When the answer is cut meanwhile, the request is sent again. */
  read: (response: IncomingMessage) => Promise<Body>;
}

/**
 * Sends a request, again where that helps (request-retry.ts).
 * @returns the last answer, which may be an error.
 * @throws what Node's HTTP client throws; Failure of a proxy; the signal's reason.
 */
export async function sendRequest<Body>(
  connection: ApiConnection,
  request: ApiRequest<z.ZodType>,
  { signal, deadlineMs, read }: SendOptions<Body>,
): Promise<Received<Body>> {
  const { trace } = connection;
  const send = async () => {
    const response = await sendFresh(connection, request, signal);
    return { response, body: await read(response) };
  };
  return await sendWithRetries(send, {
    isRepeatable: deadlineMs !== null && isRepeatable(request),
    deadlineMs: deadlineMs ?? Infinity,
    signal,
    onRetry: (why, delayMs) => trace?.tellRetry(request.method, why, delayMs),
  });
}

/**
 * Whether a request that is sent twice does the same: of a second creation under a name the API server says that the
 * object exists, which every caller has to expect anyhow. Reviews are never stored.
 */
function isRepeatable({ method, body }: ApiRequest<z.ZodType>): boolean {
  const { kind = '', metadata } = (body ?? {}) as { kind?: string; metadata?: { name?: string } };
  return method !== 'POST' || metadata?.name !== undefined || kind.endsWith('Review');
}

/**
 * Sends a request over another connection if a kept one turns out to have been closed.
 * https://nodejs.org/api/http.html#requestreusedsocket
 */
async function sendFresh(
  connection: ApiConnection,
  request: ApiRequest<z.ZodType>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  for (;;) {
    try {
      return await followRedirections(connection, request, signal);
    } catch (error) {
      // Each retry uses up one kept connection, so this ends: a new connection is never stale.
      if (!isRepeatable(request) || !(error instanceof StaleConnectionError)) throw error;
    }
  }
}

async function followRedirections(
  connection: ApiConnection,
  request: ApiRequest<z.ZodType>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let url = buildURL(connection.server, request);
  for (let count = 0; ; count++) {
    const response = await sendOnce(connection, request, url, signal);
    const next = findRedirection(response, url);
    if (next === null || request.method !== 'GET' || count === maxRedirections) return response;
    response.resume();
    url = next;
  }
}

/** @returns null for an answer, and for a redirection to another host, which must not get the credentials. */
function findRedirection({ statusCode = 0, headers }: IncomingMessage, url: URL): URL | null {
  const next = redirections.includes(statusCode) ? URL.parse(headers.location ?? '', url.href) : null;
  return next?.origin === url.origin ? next : null;
}

function buildURL(server: URL, { path, query }: ApiRequest<z.ZodType>): URL {
  const url = new URL(path, server);
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
  return url;
}

function sendOnce(
  { credentials: { options }, trace }: ApiConnection,
  {
    method,
    contentType = 'application/json',
    accept = 'application/json',
    body: value,
  }: ApiRequest<z.ZodType>,
  url: URL,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const body = value === undefined ? null : JSON.stringify(value);
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = beginRequest(url, {
      ...options,
      method,
      headers: {
        ...options.headers,
        Accept: accept,
        'User-Agent': 'kubectl-crashcart',
        ...(body !== null && { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) }),
      },
      signal,
    });
    trace?.tellRequest(method, url, outgoing.getHeaders(), body);
    outgoing.once('response', (response) => {
      const ms = Math.round(performance.now() - startedAt);
      trace?.tellAnswer(method, url, response.statusCode, ms);
      resolve(response);
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) =>
      reject(outgoing.reusedSocket && error.code === 'ECONNRESET' ? new StaleConnectionError(error) : error),
    );
    outgoing.end(body ?? undefined);
  });
}

/** A kept connection had been closed by the other end. */
class StaleConnectionError extends Error {
  override name = 'StaleConnectionError';
  readonly code = 'ECONNRESET';

  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}
