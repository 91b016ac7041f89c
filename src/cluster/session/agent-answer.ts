import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type * as z from 'zod';
import { Failure } from '../../failure/failure.ts';
import { parseJSON } from '../../session-api/connection/json-text.ts';

/** @returns what a schema makes of an answer's body. @throws Failure `agentFailed` for a body of another kind. */
export function parseAnswer<Schema extends z.ZodType>(schema: Schema, body: string): z.infer<Schema> {
  const parsed = schema.safeParse(parseJSON(body));
  if (parsed.success) return parsed.data;
  throw new Failure(
    'agentFailed',
    "the agent's answer can't be read: the agent and this plugin are of different versions",
    '`kubectl crashcart clean` removes agents of other versions.',
  );
}

/** @returns the HTTP status. @throws the stream's error, or an Error when the stream ends without an answer. */
export function readStatus(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve, reject) => {
    stream.once('response', (headers: IncomingHttpHeaders) => resolve(Number(headers[':status'])));
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the stream was closed without an answer')));
  });
}
