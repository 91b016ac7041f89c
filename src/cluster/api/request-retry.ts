import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** As client-go, for answers that say when to come back. */
const maxAnsweredRetries = 10;
/** For failures that say nothing: a load balancer, or an API server that starts again. */
const maxSilentRetries = 3;
const minDelayMs = 250;
const maxRetryAfterSeconds = 60;

/** The connection was refused, or cut before an answer. */
const passingCodes = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAI_AGAIN'];
/** Of gateways; an API server that is overloaded also answers 429 without saying when to come back. */
const passingStatuses = [429, 502, 503, 504];

/** Whether another attempt may get another answer, although this one does not say so. */
export function isPassingStatus(status: number): boolean {
  return passingStatuses.includes(status);
}

export interface RetryOptions {
  /** Whether the request does the same when it is sent twice. */
  isRepeatable: boolean;
  /** When the last attempt has to begin, on the clock of performance.now(). */
  deadlineMs: number;
  signal: AbortSignal;
  /** Is told why the request is sent again, and after which time. */
  onRetry?: ((why: string, delayMs: number) => void) | undefined;
}

/** The head of an answer, and what was read of the rest. */
export interface Received<Body> {
  response: IncomingMessage;
  body: Body;
}

/**
 * Sends a request until the answer is one that another attempt would not change. Where an answer says when to come back
 * (Retry-After), that is obeyed for every request: it was not carried out. This is client-go's rule
 * (https://github.com/kubernetes/client-go/blob/master/rest/with_retry.go), with more of it for connections that fail.
 * @param send sends the request once. An answer that is cut while it is read is as good as none.
 * @returns the last answer, which may still be an error.
 * @throws what `send` threw last; the signal's reason.
 */
export async function sendWithRetries<Body>(
  send: () => Promise<Received<Body>>,
  { isRepeatable, deadlineMs, signal, onRetry }: RetryOptions,
): Promise<Received<Body>> {
  let silentRetries = 0;
  for (let attempt = 1; ; attempt++) {
    const outcome: Outcome<Body> = await send().then(
      (received) => ({ received }),
      (error: unknown) => ({ error }),
    );
    const retryAfterMs = 'received' in outcome ? readRetryAfter(outcome.received.response) : null;
    const isSilent = retryAfterMs === null;
    const mayRetry = isSilent
      ? isRepeatable && isPassing(outcome) && silentRetries < maxSilentRetries
      : attempt <= maxAnsweredRetries;
    const delayMs = retryAfterMs ?? minDelayMs * 2 ** silentRetries;
    if (!mayRetry || signal.aborted || performance.now() + delayMs > deadlineMs) {
      if ('error' in outcome) throw outcome.error;
      return outcome.received;
    }
    if (isSilent) silentRetries++;
    // Unread, the answer would keep its connection.
    if ('received' in outcome) outcome.received.response.resume();
    onRetry?.(describe(outcome), delayMs);
    await delay(delayMs, undefined, { signal });
  }
}

type Outcome<Body> = { received: Received<Body> } | { error: unknown };

/** @returns null when the answer does not ask for a retry. */
export function readRetryAfter({ statusCode = 0, headers }: Pick<IncomingMessage, 'statusCode' | 'headers'>) {
  if (statusCode !== 429 && statusCode < 500) return null;
  const seconds = Number(headers['retry-after']);
  // An HTTP date is allowed, too; API servers send seconds.
  return headers['retry-after'] !== undefined && seconds >= 0
    ? Math.min(seconds, maxRetryAfterSeconds) * 1000
    : null;
}

function isPassing(outcome: Outcome<unknown>): boolean {
  if ('received' in outcome) return isPassingStatus(outcome.received.response.statusCode ?? 0);
  return passingCodes.includes((outcome.error as NodeJS.ErrnoException).code ?? '');
}

function describe(outcome: Outcome<unknown>): string {
  if ('received' in outcome) return `HTTP status ${outcome.received.response.statusCode}`;
  return outcome.error instanceof Error ? outcome.error.message : String(outcome.error);
}
