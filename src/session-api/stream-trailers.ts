import * as z from 'zod';
import { type SessionEnd, sessionEndSchema } from './session-end.ts';

/** The HTTP/2 trailers of an output stream; a stream that ends without them was cut. */
export interface StreamTrailers {
  /** Bytes of the whole stream, from offset 0. */
  bytes: number;
  /** SHA-256 of the whole stream, lower-case hex. */
  sha256: string;
  end: SessionEnd;
}

// Not z.coerce: an empty text would count as 0, and exit code 0 is a success.
const decimal = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

const detailsSchema = sessionEndSchema.pick({ warnings: true, leftProcesses: true });

const wireSchema = z.object({
  'crashcart-bytes': decimal,
  'crashcart-sha256': z.string().regex(/^[0-9a-f]{64}$/),
  'crashcart-exit-code': decimal.pipe(z.number().max(255)),
  'crashcart-reason': sessionEndSchema.shape.reason,
  'crashcart-message': z.string().optional(),
  'crashcart-details': z.string().optional(),
});

/** @returns the trailers as HTTP/2 header fields. */
export function formatTrailers(trailers: StreamTrailers): Record<string, string> {
  const { bytes, sha256, end } = trailers;
  const { warnings, leftProcesses } = end;
  return {
    'crashcart-bytes': String(bytes),
    'crashcart-sha256': sha256,
    'crashcart-exit-code': String(end.exitCode),
    'crashcart-reason': end.reason,
    // Field values are ASCII (RFC 9110 5.5).
    ...(end.message === null ? {} : { 'crashcart-message': encodeURIComponent(end.message) }),
    ...(warnings.length + leftProcesses.length === 0
      ? {}
      : { 'crashcart-details': encodeURIComponent(JSON.stringify({ warnings, leftProcesses })) }),
  };
}

/** @returns null when the fields are missing or malformed: the stream must then be taken as cut. */
export function parseTrailers(fields: Record<string, unknown>): StreamTrailers | null {
  const parsed = wireSchema.safeParse(fields);
  if (!parsed.success) return null;
  const message = parsed.data['crashcart-message'];
  const details = detailsSchema.safeParse(decodeJSON(parsed.data['crashcart-details'] ?? '%7B%7D'));
  if (!details.success) return null;
  return {
    bytes: parsed.data['crashcart-bytes'],
    sha256: parsed.data['crashcart-sha256'],
    end: {
      reason: parsed.data['crashcart-reason'],
      exitCode: parsed.data['crashcart-exit-code'],
      message: message === undefined ? null : decodeURIComponent(message),
      ...details.data,
    },
  };
}

function decodeJSON(text: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(text));
  } catch {
    return null;
  }
}
