/**
 * The requests of the session API: REST over HTTP/2, on one exec websocket or on the agent's unix socket. The client
 * builds its requests from this table, and the agent dispatches by it.
 *
 * Rules for all of them:
 * - A client may send its requests all at once. Requests about a session wait while its `startSession` is in progress.
 * - Every request has the header of protocol-match.ts. Only `describeAgent` is answered when no version matches.
 * - Bodies and answers are JSON, except stdin's body and the outputs. Errors are a `Problem` (problem.ts).
 * - One client holds a session. Only this client writes to stdin and acknowledges output. The query parameter `client`
 *   has its ID; another client gets `takenOver`. A new request of the holder ends its older request of the same kind.
 */
import * as z from 'zod';
import { ProblemError } from './problem.ts';
import {
  auditSchema,
  clientIDSchema,
  leaseSchema,
  sessionSpecSchema,
  terminalSizeSchema,
} from './session-spec.ts';

export const holdRequestSchema = z.object({
  client: clientIDSchema,
  /** false: only if this client was the last to hold the session. */
  takeOver: z.boolean(),
  audit: auditSchema,
});
export const detachRequestSchema = z.object({ client: clientIDSchema, keepSeconds: leaseSchema });

/** Offsets up to which the client has passed on each output; the agent may forget what is before them. */
const acknowledgementSchema = z.object({
  stdout: z.number().int().min(0).optional(),
  stderr: z.number().int().min(0).optional(),
});

/** A signal for the command. */
export const signalRequestSchema = z.object({
  signal: z.enum(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL']),
});

/** One request of the session API. */
export interface Route {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `{id}` stands for a session's ID. */
  path: string;
  /** Schema of the JSON body; null when the request has none. */
  body: z.ZodType | null;
}

export const sessionRoutes = {
  /** Answers `AgentInfo` (protocol-version.ts). */
  describeAgent: { method: 'GET', path: '/v1', body: null },
  /** Answers `NodeReport` (node-report.ts). */
  reportNode: { method: 'GET', path: '/v1/node', body: null },
  /**
   * Answers {@link targetProcessesSchema}: what runs in the container of the query parameter `container`, an ID with its
   * scheme. Older agents do not know this request.
   */
  listProcesses: { method: 'GET', path: '/v1/processes', body: null },
  /**
   * Has the agent exit, unless a session runs, starts, or has a result that nobody has read. Answers
   * {@link retirementSchema}. Older agents do not know this request.
   */
  retireAgent: { method: 'POST', path: '/v1/retirement', body: null },
  /** Answers the list of all `SessionState` (session-end.ts), ended sessions included. */
  listSessions: { method: 'GET', path: '/v1/sessions', body: null },
  /** Starts a session and answers its `SessionState`. Sent again with the same ID it starts nothing. */
  startSession: { method: 'PUT', path: '/v1/sessions/{id}', body: sessionSpecSchema },
  /** Answers `SessionState`. */
  getSession: { method: 'GET', path: '/v1/sessions/{id}', body: null },
  /**
   * Ends everything of a session; answers `SessionState` when nothing is left running, or what is left can't be ended:
   * `leftProcesses` of its end has that. A session that the agent does not know (`notFound`) is never started
   * afterwards, however late the request for that arrives. Takes the query parameter `client`, or else `user`: the
   * name, as claimed, of the user who stops the session of another client.
   */
  deleteSession: { method: 'DELETE', path: '/v1/sessions/{id}', body: null },
  /** Comes back after a lost connection, or takes the session over; answers `SessionState`. */
  holdSession: { method: 'PUT', path: '/v1/sessions/{id}/holder', body: holdRequestSchema },
  /** Leaves the session running without a client; answers `SessionState`. */
  detachSession: { method: 'DELETE', path: '/v1/sessions/{id}/holder', body: detachRequestSchema },
  /**
   * The body is stdin's bytes from the offset `from` on (without it: after all that was ever received). Its end closes
   * the command's stdin. Answers lines of {@link stdinProgressSchema}: at once, and whenever more was received.
   */
  sendStdin: { method: 'PUT', path: '/v1/sessions/{id}/stdin', body: null },
  /**
   * Answers the bytes from the offset `from` on, as they come, and trailers at the end (stream-trailers.ts). Without
   * `from`: what comes from now on with a terminal, all that is kept otherwise. {@link offsetHeader} says where the
   * answer begins. Without `client` the request only watches, and has no claim to the whole output: what a watcher is
   * too slow for is left out on a terminal, and cuts another output. With `Accept-Encoding: zstd` the answer is
   * compressed; offsets, sizes and hashes are of the uncompressed bytes.
   */
  readStdout: { method: 'GET', path: '/v1/sessions/{id}/stdout', body: null },
  /** As `readStdout`. A session with a terminal has no stderr (`notFound`). */
  readStderr: { method: 'GET', path: '/v1/sessions/{id}/stderr', body: null },
  /** Takes the query parameter `client`. */
  acknowledgeOutput: {
    method: 'PUT',
    path: '/v1/sessions/{id}/acknowledgement',
    body: acknowledgementSchema,
  },
  resizeTerminal: { method: 'PUT', path: '/v1/sessions/{id}/terminal-size', body: terminalSizeSchema },
  sendSignal: { method: 'POST', path: '/v1/sessions/{id}/signal', body: signalRequestSchema },
} as const satisfies Record<string, Route>;
export type RouteName = keyof typeof sessionRoutes;

/**
 * Largest JSON body in bytes. The longest is a session's spec: execve(2) takes 2 MiB of arguments and variables, and
 * JSON writes a control character in six bytes.
 */
export const maxBodyBytes = 16 * 1024 * 1024;

/** The answer to `retireAgent`. */
export const retirementSchema = z.object({ isRetired: z.boolean() });
export type Retirement = z.infer<typeof retirementSchema>;

/** The answer to `listProcesses` names no more of them; those with the lowest IDs first. */
export const maxListedProcesses = 256;

/** The answer to `listProcesses`. */
export const targetProcessesSchema = z
  .array(
    z.object({
      /** In the PID namespace of the container. */
      pid: z.number().int(),
      /** As the kernel calls the process (comm): text of the target. */
      name: z.string(),
    }),
  )
  .max(maxListedProcesses);
export type TargetProcess = z.infer<typeof targetProcessesSchema>[number];

/** One line of the answer to `sendStdin`. */
export const stdinProgressSchema = z.object({
  /** Bytes of stdin that the agent has received from all clients. */
  received: z.number().int().min(0),
  /** Whether the command's stdin is closed. An answer that ends before this is true was cut. */
  isEnded: z.boolean(),
});
export type StdinProgress = z.infer<typeof stdinProgressSchema>;

export type OutputStreamName = 'stdout' | 'stderr';

/** Response header of an output: the offset of its first byte. Higher than `from` when the bytes between are lost. */
export const offsetHeader = 'crashcart-offset';

/** A client acknowledges after this share of the output that the agent keeps, and at the latest after this time. */
export const acknowledgedShare = 1 / 4;
export const acknowledgementIntervalMs = 1000;

/**
 * Builds the path of a request.
 * @param id the session's ID; for a route without `{id}` it is ignored.
 * @param query parameters; those that are null are left out.
 */
export function buildPath(
  { path }: Route,
  id = '',
  query: Record<string, string | number | null> = {},
): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === null ? [] : [[name, String(value)]],
  );
  const text = new URLSearchParams(given).toString();
  return path.replace('{id}', id) + (text === '' ? '' : `?${text}`);
}

/**
 * Finds the route of a request.
 * @param path without the query.
 * @returns the route's name, and the session's ID; '' for a route without one.
 * @throws ProblemError `notFound` for an unknown path, `methodNotAllowed` for an unknown method of a known path.
 */
export function findRoute(method: string, path: string): { name: RouteName; id: string } {
  const allowed: string[] = [];
  for (const [name, route] of Object.entries(sessionRoutes)) {
    const id = matchPath(route.path, path);
    if (id === null) continue;
    if (route.method === method) return { name: name as RouteName, id };
    allowed.push(route.method);
  }
  if (allowed.length === 0) throw new ProblemError('notFound', `no such resource: ${path}`);
  throw new ProblemError('methodNotAllowed', `${path} has ${allowed.join(' and ')}, not ${method}`);
}

/** @returns the session's ID in the path, '' for a pattern without one; null when the path does not match. */
function matchPath(pattern: string, path: string): string | null {
  const [before = '', after] = pattern.split('{id}');
  if (after === undefined) return path === pattern ? '' : null;
  if (!path.startsWith(before) || !path.endsWith(after)) return null;
  const id = path.slice(before.length, path.length - after.length);
  return /^[0-9a-f-]{36}$/.test(id) ? id : null;
}
