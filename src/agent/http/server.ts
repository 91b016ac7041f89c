import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { watchLiveness } from '../../session-api/connection/connection-liveness.ts';
import { protocolHeader, requireCommonProtocol } from '../../session-api/protocol/protocol-match.ts';
import { protocolRange } from '../../session-api/protocol/protocol-version.ts';
import { findRoute, type RouteName, sessionRoutes } from '../../session-api/session-routes.ts';
import { initialWindowBytes, WindowEstimator } from '../../session-api/connection/window-estimator.ts';
import { agentVersion } from '../agent-version.ts';
import { runOwned } from '../sessions/error-owner.ts';
import { sendProblem } from './answer.ts';
import { type Agent, requestHandlers, type RequestHandlers } from './request-handlers.ts';
import type { Request } from './request.ts';

/** Node ends an HTTP/2 session above its limit (10 MB by default); the streams of one client may hold more. */
const maxSessionMemoryMB = 64;
/**
 * A session needs four, and one connection may carry those of sixty. Each stream may hold 128 KiB of an output that its
 * client does not read: 32 MiB together.
 */
const maxConcurrentStreams = 256;
/** Each is an exec with a relay, which takes more memory than the connection here. */
const maxConnections = 128;
/** Limit of stdin's window: these bytes wait in the agent's memory until the command takes them. */
const maxStdinWindowBytes = 1024 * 1024;

/**
 * Makes the server of the session API (session-routes.ts).
 * @param handlers other ones are for tests of a client, whose agent misbehaves.
 * @returns a server that does not listen yet.
 */
export function createSessionServer(agent: Agent, handlers: RequestHandlers = requestHandlers): Http2Server {
  const server = createServer({
    maxSessionMemory: maxSessionMemoryMB,
    settings: { initialWindowSize: initialWindowBytes, maxConcurrentStreams },
  });
  server.maxConnections = maxConnections;
  server.on('session', (session) => serveConnection(session, agent, handlers));
  server.on('sessionError', (error) => console.error(`http2: ${error.message}`));
  return server;
}

function serveConnection(session: ServerHttp2Session, agent: Agent, handlers: RequestHandlers): void {
  session.setLocalWindowSize(initialWindowBytes * 2);
  const estimator = new WindowEstimator(session, maxStdinWindowBytes);
  watchLiveness(session, {
    // Through Node's proxy of the socket, which HTTP/2 reads from itself.
    countReceived: () => session.socket.bytesRead,
    end: () => session.destroy(),
  });
  const serve = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const { name, request } = routeRequest(stream, headers, (bytes) => estimator.received(bytes));
    await handlers[name](request, agent);
  };
  session.on('stream', (stream, headers) => {
    const fail = (error: unknown) => sendProblem(stream, error);
    stream.on('error', () => undefined); // A cut stream is for the client to retry; 'close' follows.
    runOwned({ name: 'a request', fail }, () => void serve(stream, headers).catch(fail));
  });
}

/** @throws ProblemError `notFound`, `methodNotAllowed`, `versionMismatch`, `invalidRequest`. */
function routeRequest(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  onReceived: Request['onReceived'],
): { name: RouteName; request: Request } {
  const [path = '', query = ''] = String(headers[':path']).split('?', 2);
  // Before the look-up: a newer client may ask for what this agent has no route for.
  if (path !== sessionRoutes.describeAgent.path) {
    const header = headers[protocolHeader]?.toString();
    requireCommonProtocol(header, { version: agentVersion, protocol: protocolRange });
  }
  const { name, id } = findRoute(String(headers[':method']), path);
  const acceptsZstd = headers['accept-encoding'] === 'zstd';
  return { name, request: { stream, id, query: new URLSearchParams(query), acceptsZstd, onReceived } };
}
