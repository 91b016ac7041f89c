/**
 * The session API: REST over HTTP/2 on one exec websocket (or the agent's unix socket).
 *
 * | request | meaning |
 * |---|---|
 * | `GET /v1` | {@link AgentInfo} |
 * | `GET /v1/node` | {@link NodeReport} (node-report.ts) |
 * | `GET /v1/sessions` | list of {@link SessionState} |
 * | `PUT /v1/sessions/{id}` | start; body {@link SessionSpec}; the same id again answers the state and starts nothing |
 * | `GET /v1/sessions/{id}` | {@link SessionState} |
 * | `DELETE /v1/sessions/{id}` | end everything of it |
 * | `PUT /v1/sessions/{id}/holder` | {@link holdRequestSchema}: come back after a lost connection, or take the session over; answers {@link SessionState} |
 * | `DELETE /v1/sessions/{id}/holder` | {@link detachRequestSchema}: leave the session running |
 * | `PUT /v1/sessions/{id}/stdin?client=ID&from=N` | body: stdin's bytes from offset N (without: after all that was ever received); END_STREAM closes the command's stdin. Answer: NDJSON of {@link stdinProgressSchema}: at once, and whenever more was written to the command |
 * | `GET /v1/sessions/{id}/stdout?client=ID&from=N`, `…/stderr?…` | the bytes from offset N as they come (without: what comes from now on with a terminal, else all that is kept); the answer's {@link offsetHeader} is where they begin; ends with trailers ({@link StreamTrailers}) |
 * | `PUT /v1/sessions/{id}/acknowledgement?client=ID` | {@link acknowledgementSchema}: output that the client has safely passed on and the agent may forget |
 * | `PUT /v1/sessions/{id}/terminal-size` | {@link TerminalSize} |
 * | `POST /v1/sessions/{id}/signal` | {@link signalRequestSchema} |
 *
 * A client may send everything at once: requests about a session wait while its PUT is in progress.
 * With a terminal there is no stderr stream (404).
 *
 * One client holds a session: it alone writes to stdin and acknowledges output. `client` is its ID, and what
 * another one asks as if it held the session is answered with `takenOver`; a request that holds the session
 * ends the older one of its kind. Without `client` the outputs can be watched: whoever does so has no claim to
 * the whole of them (what a watcher is too slow for is left out on a terminal, and cuts another output).
 * Each request has the client's versions of this API (protocol-match.ts), and only `GET /v1` is answered without one in
 * common. With `Accept-Encoding: zstd` outputs are compressed; offsets, sizes and hashes are those of the bytes themselves.
 */
import * as z from 'zod';
import { auditSchema, clientIDSchema, leaseSchema } from './session-spec.ts';

export const stdinProgressSchema = z.object({
  /** Bytes of stdin, from offset 0, that have been written to the command. */
  written: z.number().int().min(0),
  /** Bytes of stdin that have been received, whoever sent them. */
  received: z.number().int().min(0),
  /** Whether the command's stdin is closed: an answer that ends without saying so was cut. */
  isEnded: z.boolean(),
});
export type StdinProgress = z.infer<typeof stdinProgressSchema>;
export const holdRequestSchema = z.object({
  client: clientIDSchema,
  /** false: only if this client held it last. */
  takeOver: z.boolean(),
  audit: auditSchema,
});
export const detachRequestSchema = z.object({ client: clientIDSchema, keepSeconds: leaseSchema });

/** Response header of an output: the offset of its first byte. Beyond the one asked for when that is lost. */
export const offsetHeader = 'crashcart-offset';

export const acknowledgementSchema = z.object({
  stdout: z.number().int().min(0).optional(),
  stderr: z.number().int().min(0).optional(),
});
export const signalRequestSchema = z.object({
  signal: z.enum(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL']),
});

export type OutputStreamName = 'stdout' | 'stderr';

/** A client acknowledges after so much of what the agent keeps, and at the latest after so long. */
export const acknowledgedShare = 1 / 4;
export const acknowledgementIntervalMs = 1000;

/** @returns the path of a session, or of one of its parts. */
export function sessionPath(
  id: string,
  part?: 'stdin' | OutputStreamName | 'holder' | 'acknowledgement' | 'terminal-size' | 'signal',
): string {
  return part === undefined ? `/v1/sessions/${id}` : `/v1/sessions/${id}/${part}`;
}
