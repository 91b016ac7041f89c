import pRetry, { AbortError } from 'p-retry';
import * as z from 'zod';
import { parseJSON } from '../../session-api/connection/json-text.ts';
import { Failure } from '../../failure/failure.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError, toApiError } from './api-error.ts';
import { parseObject } from './parse-object.ts';
import type { ApiRequest } from './request-sender.ts';

/** Watches that last at least so long are followed by the next one at once. */
const steadyMs = 5000;
const minDelayMs = 250;
const maxDelayMs = 5000;
/** Failures in a row after which an API server counts as lost. */
const maxFailures = 5;
/** Answers that another request may not get: the watch's history is gone, too many requests, or the server's own. */
const passingStatuses = [410, 429, 500, 502, 503, 504];

const eventSchema = z.object({
  // https://kubernetes.io/docs/reference/kubernetes-api/definitions/watch-event-v1-meta/
  type: z.string(),
  object: z.unknown(),
});
const namedSchema = z.object({ metadata: z.object({ name: z.string() }) });
const changes = ['ADDED', 'MODIFIED', 'DELETED'] as const;

/** A change of a watched object. Each watch begins with every object that is there, as ADDED. */
export interface ResourceEvent<Value> {
  type: (typeof changes)[number];
  object: Value;
}

export interface WatchOptions<Value, Answer> {
  /** @returns an answer, which ends the watch; undefined to go on. What it throws ends the watch, too. */
  onEvent: (event: ResourceEvent<Value>) => Answer | undefined;
  /**
   * Asked between two watches, since a deletion between them is missed.
   * @returns an answer, which ends the watch; undefined to go on.
   */
  onRestart?: () => Promise<Answer | undefined>;
}

/**
 * Watches a resource until an event gives an answer. A watch that ends is followed by another one: after a while, if it
 * ended at once, so that no server is asked in a hot loop. The only limit is the request's signal.
 * @throws ApiError that another watch would meet, too; Failure `apiError` for an object that can't be read, `connection`
 *   when the API server can't be reached several times in a row; what `onEvent` throws, or aborted the signal.
 */
export async function watchResource<Schema extends z.ZodType, Answer>(
  api: ApiClient,
  request: ApiRequest<Schema>,
  { onEvent, onRestart }: WatchOptions<z.infer<Schema>, Answer>,
): Promise<Answer> {
  const { signal } = request;
  let failures = 0;
  let startedAt = 0;
  const watchOnce = async (): Promise<Answer> => {
    startedAt = performance.now();
    for await (const line of api.readLines({ ...request, query: { ...request.query, watch: 'true' } })) {
      failures = 0;
      const event = readEvent(request, line);
      if (event === null) continue;
      const answer = stopOnError(() => onEvent(event));
      if (answer !== undefined) return answer;
    }
    throw new WatchEndedError();
  };
  return await pRetry(
    async (attempt) => {
      const answer = attempt === 1 ? undefined : await onRestart?.();
      return answer === undefined ? await watchOnce() : answer;
    },
    {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: minDelayMs,
      maxTimeout: maxDelayMs,
      randomize: true,
      signal,
      // p-retry takes errors of another realm, as an abort's may be, for defects: it must not get to see one.
      onFailedAttempt: () => signal.throwIfAborted(),
      shouldConsumeRetry: () => performance.now() - startedAt < steadyMs,
      shouldRetry: ({ error }) => {
        if (error instanceof WatchEndedError) return true;
        failures++;
        return isPassing(error) && failures < maxFailures;
      },
    },
  );
}

/** The server ended a watch, as it does after some minutes. */
class WatchEndedError extends Error {
  override name = 'WatchEndedError';
}

/** @returns null for a bookmark, and for types of events that are not known yet. */
function readEvent<Schema extends z.ZodType>(
  request: ApiRequest<Schema>,
  line: string,
): ResourceEvent<z.infer<Schema>> | null {
  const { resource } = request.access;
  const { type, object } = parseObject(
    { ...request, schema: eventSchema },
    `an event of the watch of ${resource}`,
    parseJSON(line),
  );
  if (type === 'ERROR') throw toApiError(object, request.access);
  const change = changes.find((name) => name === type);
  if (change === undefined) return null;
  const name = namedSchema.safeParse(object).data?.metadata.name;
  const what = `${resource}${name === undefined ? '' : ` "${name}"`}, as watched,`;
  return { type: change, object: parseObject(request, what, object) };
}

function isPassing(error: Error): boolean {
  if (error instanceof ApiError) return passingStatuses.includes(error.status);
  return error instanceof Failure && error.code === 'connection';
}

/** Keeps p-retry from a retry for what a caller throws. */
function stopOnError<Value>(run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    throw error instanceof Error ? new AbortError(error) : error;
  }
}
