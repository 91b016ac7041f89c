/**
 * The session API: REST over HTTP/2 on one exec websocket (or the agent's unix socket).
 *
 * | request | meaning |
 * |---|---|
 * | `GET /v1` | {@link AgentInfo} |
 * | `GET /v1/sessions` | list of {@link SessionState} |
 * | `PUT /v1/sessions/{id}` | start; body {@link SessionSpec}; the same id again answers the state and starts nothing |
 * | `GET /v1/sessions/{id}` | {@link SessionState} |
 * | `DELETE /v1/sessions/{id}` | end everything of it |
 * | `PUT /v1/sessions/{id}/stdin?from=N` | body: stdin's bytes from offset N; END_STREAM closes the command's stdin. Answer: NDJSON of {@link stdinProgressSchema}, one line whenever more was written to the command |
 * | `GET /v1/sessions/{id}/stdout?from=N`, `…/stderr?from=N` | the bytes from offset N as they come; ends with trailers ({@link StreamTrailers}) |
 * | `PUT /v1/sessions/{id}/acknowledgement` | {@link acknowledgementSchema}: output that the client has safely passed on and the agent may forget |
 * | `PUT /v1/sessions/{id}/terminal-size` | {@link TerminalSize} |
 * | `POST /v1/sessions/{id}/signal` | {@link signalRequestSchema} |
 *
 * A client may send everything at once: requests about a session wait while its PUT is in progress.
 * With a terminal there is no stderr stream (404).
 */
import * as z from 'zod';

export const stdinProgressSchema = z.object({
  /** Bytes of stdin, from offset 0, that have been written to the command. */
  written: z.number().int().min(0),
});
export const acknowledgementSchema = z.object({
  stdout: z.number().int().min(0).optional(),
  stderr: z.number().int().min(0).optional(),
});
export const signalRequestSchema = z.object({
  signal: z.enum(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL']),
});

export type OutputStreamName = 'stdout' | 'stderr';

/** A client acknowledges at least this often (bytes), and after {@link acknowledgementIntervalMs}. */
export const acknowledgementIntervalBytes = 1024 * 1024;
export const acknowledgementIntervalMs = 1000;

/** @returns the path of a session, or of one of its parts. */
export function sessionPath(
  id: string,
  part?: 'stdin' | OutputStreamName | 'acknowledgement' | 'terminal-size' | 'signal',
): string {
  return part === undefined ? `/v1/sessions/${id}` : `/v1/sessions/${id}/${part}`;
}
