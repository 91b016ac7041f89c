import { constants, type ServerHttp2Stream } from 'node:http2';
import type * as z from 'zod';
import { parseJSON } from '../../session-api/connection/json-text.ts';
import { ProblemError } from '../../session-api/problem.ts';
import { maxBodyBytes } from '../../session-api/session-routes.ts';
import { isWithinBounds } from './json-bounds.ts';
import { MemoryBudget } from './memory-budget.ts';

/** The client gives its request up at that time. */
const bodyLimitMs = 30_000;
/** Of the bodies that are being received. */
const bodies = new MemoryBudget(4 * maxBodyBytes, 'requests');

/** A request of the session API, as its handler sees it. */
export interface Request {
  stream: ServerHttp2Stream;
  /** The session's ID; '' for a route without one. */
  id: string;
  query: URLSearchParams;
  acceptsZstd: boolean;
  /** To be called with the size of each piece of bulk data as it comes. */
  onReceived: (bytes: number) => void;
}

/**
 * Reads a request's JSON body.
 * @throws ProblemError `invalidRequest` when the body does not match the schema, was cut or did not come in time;
 *   `requestTooLarge`, `capacity`.
 */
export async function readBody<Schema extends z.ZodType>(
  stream: ServerHttp2Stream,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const text = await readText(stream);
  if (!isWithinBounds(text))
    throw new ProblemError('requestTooLarge', "the request's body has too many values or levels");
  const { success, data, error } = schema.safeParse(parseJSON(text));
  if (success) return data;
  throw new ProblemError('invalidRequest', 'the request is malformed', error.message);
}

/** @returns the ID of the client that holds the session; null when the request only watches. */
export function readClient(query: URLSearchParams): string | null {
  return query.get('client');
}

/**
 * @returns the offset to begin at; null when none is given.
 * @throws ProblemError `invalidRequest`.
 */
export function readOffset(query: URLSearchParams): number | null {
  const text = query.get('from');
  if (text === null) return null;
  if (!/^\d{1,15}$/.test(text)) throw new ProblemError('invalidRequest', `from is not an offset: ${text}`);
  return Number(text);
}

async function readText(stream: ServerHttp2Stream): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let takenBytes = 0;
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), bodyLimitMs);
  try {
    // The stream stays open after a body that is too large: the answer goes over it.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > maxBodyBytes) break;
      bodies.take((chunk as Buffer).length);
      takenBytes = bytes;
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError('invalidRequest', "the request's body was cut", null, { cause: error });
  } finally {
    clearTimeout(timer);
    bodies.release(takenBytes);
  }
  if (bytes <= maxBodyBytes) return Buffer.concat(chunks).toString();
  throw new ProblemError(
    'requestTooLarge',
    `the request's body is larger than ${maxBodyBytes} bytes`,
    'Send large data through stdin.',
  );
}
