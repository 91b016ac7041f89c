import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { json } from 'node:stream/consumers';
import type * as z from 'zod';
import { watchLiveness } from '../../session-api/connection-liveness.ts';
import { nodeReportPath } from '../../session-api/node-report.ts';
import { ProblemError } from '../../session-api/problem.ts';
import { protocolHeader, requireCommonProtocol } from '../../session-api/protocol-match.ts';
import { type AgentInfo, protocolRange } from '../../session-api/protocol-version.ts';
import {
  acknowledgementSchema,
  detachRequestSchema,
  holdRequestSchema,
  type OutputStreamName,
  signalRequestSchema,
} from '../../session-api/session-routes.ts';
import { sessionSpecSchema, terminalSizeSchema } from '../../session-api/session-spec.ts';
import { initialWindowBytes, WindowEstimator } from '../../session-api/window-estimator.ts';
import type { AgentConfig } from '../agent-config.ts';
import { auditLog } from '../sessions/audit-log.ts';
import { reportNode } from '../node/node-inspection.ts';
import { receiveStdin, sendOutput } from './session-streams.ts';
import type { Session } from '../sessions/session.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { agentVersion } from '../agent-version.ts';

/** Node ends a session above its limit (10 MB): one client's streams may hold more in flight. */
const maxSessionMemoryMB = 64;
/** Of a stdin: its bytes wait in the agent's memory until the command takes them. */
const maxStdinWindowBytes = 1024 * 1024;

interface Request {
  stream: ServerHttp2Stream;
  method: string;
  path: string;
  query: URLSearchParams;
  acceptsZstd: boolean;
  /** The versions that the client speaks. */
  protocol: string | undefined;
  /** To be called with the size of each piece of bulk data that comes. */
  onReceived: (bytes: number) => void;
}

/**
 * Makes the server of the session API (the routes stand in session-routes.ts).
 * @returns not listening yet.
 */
export function createSessionServer(config: AgentConfig, registry: SessionRegistry): Http2Server {
  const server = createServer({
    maxSessionMemory: maxSessionMemoryMB,
    settings: { initialWindowSize: initialWindowBytes },
  });
  const estimators = new WeakMap<object, WindowEstimator>();
  server.on('session', (session) => {
    session.setLocalWindowSize(initialWindowBytes * 2);
    estimators.set(session, new WindowEstimator(session, maxStdinWindowBytes));
    watchLiveness(session, {
      // Through Node's proxy of the socket, which HTTP/2 reads from itself.
      countReceived: () => session.socket.bytesRead,
      end: () => session.destroy(),
    });
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => undefined); // A cut stream is the client's to mend; 'close' follows.
    const [path = '', query = ''] = String(headers[':path']).split('?', 2);
    const request = {
      stream,
      method: String(headers[':method']),
      path,
      query: new URLSearchParams(query),
      acceptsZstd: headers['accept-encoding'] === 'zstd',
      protocol: headers[protocolHeader]?.toString(),
      onReceived: (bytes: number) => {
        if (stream.session) estimators.get(stream.session)?.received(bytes);
      },
    };
    handle(request, config, registry).catch((error: unknown) => sendProblem(stream, error));
  });
  server.on('sessionError', (error) => console.error(`http2: ${error.message}`));
  return server;
}

async function handle(request: Request, config: AgentConfig, registry: SessionRegistry): Promise<void> {
  const { stream, method, path } = request;
  if (path === '/v1') {
    const info: AgentInfo = {
      version: agentVersion,
      protocol: protocolRange,
      node: config.node,
      draining: registry.draining,
    };
    sendJSON(stream, 200, info);
    return;
  }
  requireCommonProtocol(request.protocol, { version: agentVersion, protocol: protocolRange });
  if (path === nodeReportPath) {
    sendJSON(stream, 200, await reportNode());
    return;
  }
  if (path === '/v1/sessions') {
    sendJSON(stream, 200, registry.list());
    return;
  }
  const [, id, part] = /^\/v1\/sessions\/([0-9a-f-]{36})(?:\/([a-z-]+))?$/.exec(path) ?? [];
  if (id === undefined) throw new ProblemError('notFound', `no such resource: ${path}`);
  if (part === undefined) {
    await handleSession(request, id, registry);
    return;
  }
  const session = await registry.get(id);
  // Requests come along with the one that starts the session. One that was cut meanwhile tells its close to nobody any
  // more, and would hold the session for ever.
  if (!stream.closed && !stream.destroyed) await handlePart(request, session, `${method} ${part}`);
}

async function handleSession(
  { stream, method }: Request,
  id: string,
  registry: SessionRegistry,
): Promise<void> {
  switch (method) {
    case 'PUT': {
      const session = await registry.start(id, readBody(stream, sessionSpecSchema));
      sendJSON(stream, 201, session.state);
      return;
    }
    case 'GET':
      sendJSON(stream, 200, (await registry.get(id)).state);
      return;
    case 'DELETE': {
      const session = await registry.get(id);
      await session.delete('its client ended it');
      sendJSON(stream, 200, session.state);
      return;
    }
    default:
      throw new ProblemError('methodNotAllowed', `${method} is not for a session`);
  }
}

async function handlePart(request: Request, session: Session, route: string): Promise<void> {
  const { stream, query } = request;
  switch (route) {
    case 'PUT holder': {
      const { client, takeOver, audit } = await readBody(stream, holdRequestSchema);
      session.lease.take(client, takeOver);
      auditLog.held(session, audit);
      return sendJSON(stream, 200, session.state);
    }
    case 'DELETE holder': {
      const { client, keepSeconds } = await readBody(stream, detachRequestSchema);
      session.lease.detach(client, keepSeconds);
      return sendJSON(stream, 200, session.state);
    }
    case 'GET stdout':
      return handleOutput(request, session, 'stdout');
    case 'GET stderr':
      return handleOutput(request, session, 'stderr');
    case 'PUT stdin':
      holdSession(request, session, 'stdin');
      return receiveStdin(stream, session, readOffset(query), request.onReceived);
    case 'PUT acknowledgement': {
      session.lease.check(readClient(query) ?? '');
      const { stdout, stderr } = await readBody(stream, acknowledgementSchema);
      if (stdout !== undefined) session.output('stdout').acknowledge(stdout);
      if (stderr !== undefined) session.output('stderr').acknowledge(stderr);
      return sendJSON(stream, 200, {});
    }
    case 'PUT terminal-size':
      session.resize(await readBody(stream, terminalSizeSchema));
      return sendJSON(stream, 200, {});
    case 'POST signal':
      session.signal((await readBody(stream, signalRequestSchema)).signal);
      return sendJSON(stream, 200, {});
    default:
      throw new ProblemError('notFound', `no such resource: ${route}`);
  }
}

async function handleOutput(request: Request, session: Session, name: OutputStreamName): Promise<void> {
  const { stream, query } = request;
  const isHeld = readClient(query) !== null;
  const output = session.output(name);
  const from = readOffset(query);
  // First of all: an older request of this client must not have the command go on meanwhile.
  if (isHeld) holdSession(request, session, name);
  const reading = isHeld ? output.hold(from) : output.watch(from);
  if (name === 'stdout') {
    session.clients++;
    stream.once('close', () => session.clients--);
  }
  await sendOutput(stream, session, { name, reading, isHeld, compress: request.acceptsZstd });
}

function holdSession({ stream, query }: Request, session: Session, kind: string): void {
  const client = readClient(query);
  if (client === null) throw new ProblemError('invalidRequest', `${kind} needs the client's ID`);
  const release = session.lease.hold(client, kind, () => stream.close(8 /* CANCEL */));
  stream.once('close', release);
}

function readClient(query: URLSearchParams): string | null {
  return query.get('client');
}

/** @returns null when none is given. */
function readOffset(query: URLSearchParams): number | null {
  const text = query.get('from');
  if (text === null) return null;
  if (!/^\d{1,15}$/.test(text)) throw new ProblemError('invalidRequest', `from is no offset: ${text}`);
  return Number(text);
}

async function readBody<Schema extends z.ZodType>(
  stream: ServerHttp2Stream,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const body = await json(stream).catch(() => undefined);
  const parsed = schema.safeParse(body);
  if (!parsed.success)
    throw new ProblemError('invalidRequest', 'the request is malformed', parsed.error.message);
  return parsed.data;
}

function sendJSON(stream: ServerHttp2Stream, status: number, value: unknown): void {
  if (stream.destroyed) return;
  stream.respond({ ':status': status, 'content-type': 'application/json' });
  stream.end(JSON.stringify(value));
}

function sendProblem(stream: ServerHttp2Stream, error: unknown): void {
  // Cut by the client: what failed is a consequence, and nobody is there to be told.
  if (stream.destroyed) return;
  const known = error instanceof ProblemError;
  if (!known) console.error(error);
  const problem = (known ? error : new ProblemError('internal', String(error))).toProblem();
  // After the headers only the missing trailers can tell that something went wrong.
  if (stream.headersSent) stream.close(2 /* INTERNAL_ERROR */);
  else {
    stream.respond({ ':status': problem.status, 'content-type': 'application/problem+json' });
    stream.end(JSON.stringify(problem));
  }
}
