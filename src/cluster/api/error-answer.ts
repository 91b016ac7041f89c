import type { IncomingMessage } from 'node:http';
import { parseJSON } from '../../session-api/connection/json-text.ts';
import { Failure } from '../../failure/failure.ts';
import { ApiError, isStatus, type RequestedAccess, type RequestPurpose } from './api-error.ts';
import { readRetryAfter } from './request-retry.ts';

const maxTitleCharacters = 100;
/** A page of an error that is longer than this is not the API server's. */
const maxTextCharacters = 1000;

/** What answered is not an API server: a login page, a gateway, a firewall, or another product. */
export class ForeignAnswerError extends Failure {
  override name = 'ForeignAnswerError';
  /** Of HTTP. */
  readonly status: number;
  /** After which time the answer asks for a retry (Retry-After); null when it does not. */
  readonly retryAfterMs: number | null;

  /** @param what was answered, in words. */
  constructor(host: string, status: number, what: string, retryAfterMs: number | null = null) {
    super(
      'foreignAnswer',
      `what answers at ${host} is not an API server: ${what}, with HTTP status ${status}`,
      'A login page, a proxy or a firewall may answer in place of the API server. Compare the address with `kubectl config view --minify`.',
    );
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An answer that is not the one that was hoped for. */
export interface ErrorAnswer {
  response: Pick<IncomingMessage, 'statusCode' | 'headers'>;
  body: string;
  /** `host:port` of the API server. */
  host: string;
  access: RequestedAccess;
  purpose?: RequestPurpose;
}

/**
 * Says what an error answer means. Only a metav1.Status is the API server's own. Its filters also answer with a line of
 * plain text (`Too many requests, please try again later.`).
 * @returns ApiError, or ForeignAnswerError.
 */
export function describeErrorAnswer({ response, body, host, access, purpose }: ErrorAnswer): Failure {
  const status = response.statusCode ?? 0;
  const location = response.headers.location;
  if (status >= 300 && status < 400 && location !== undefined)
    return new ForeignAnswerError(host, status, `a redirection to ${location}`);
  if (isStatus(parseJSON(body)) || isPlainLine(response, body))
    return new ApiError(status, body, access, {
      retryAfterMs: readRetryAfter(response),
      purpose: purpose ?? null,
    });
  return new ForeignAnswerError(host, status, describeContent(response, body), readRetryAfter(response));
}

/**
 * Finds out whether a successful answer can be the API server's, which always answers in JSON.
 * @returns what else the answer is; null for JSON, and for an answer that does not say what it is.
 */
export function findForeignContent(response: Pick<IncomingMessage, 'headers'>, body: string): string | null {
  const type = readType(response);
  const isNamedJSON = type === '' || type === 'application/json';
  return isNamedJSON && body.trim() !== '' && !looksLikeHTML(body) ? null : describeContent(response, body);
}

function isPlainLine(response: ErrorAnswer['response'], body: string): boolean {
  const isText = ['', 'text/plain'].includes(readType(response));
  const isJSON = typeof parseJSON(body) === 'object' && parseJSON(body) !== null;
  return isText && !isJSON && body.length < maxTextCharacters && !looksLikeHTML(body);
}

function describeContent(response: Pick<IncomingMessage, 'headers'>, body: string): string {
  if (body.trim() === '') return 'an empty answer';
  if (looksLikeHTML(body)) {
    const title = /<title[^>]*>([^<]*)/i.exec(body)?.[1]?.replaceAll(/\s+/g, ' ').trim() ?? '';
    return title === ''
      ? 'an HTML page'
      : `an HTML page with the title "${title.slice(0, maxTitleCharacters)}"`;
  }
  const type = readType(response);
  return type === '' || type === 'application/json'
    ? 'JSON that is not of Kubernetes'
    : `an answer of the type ${type}`;
}

function looksLikeHTML(body: string): boolean {
  return /^\s*<(!doctype html|html|head|body|!--)/i.test(body);
}

function readType({ headers }: Pick<IncomingMessage, 'headers'>): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
