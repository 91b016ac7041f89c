import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { json } from 'node:stream/consumers';
import type * as z from 'zod';
import { ProblemError } from '../session/problem.ts';
import { type AgentInfo, protocolRange } from '../session/protocol-version.ts';
import { acknowledgementSchema, signalRequestSchema } from '../session/session-routes.ts';
import { sessionSpecSchema, terminalSizeSchema } from '../session/session-spec.ts';
import { initialWindowBytes, WindowEstimator } from '../session/window-estimator.ts';
import type { AgentConfig } from './agent-config.ts';
import { receiveStdin, sendOutput } from './session-streams.ts';
import type { SessionRegistry } from './sessions/session-registry.ts';
import { agentVersion } from './version.ts';

/** Node ends a session above its limit (10 MB): one client's streams may hold more in flight. */
const maxSessionMemoryMB = 64;
/** Of a stdin: its bytes wait in the agent's memory until the command takes them. */
const maxStdinWindowBytes = 1024 * 1024;

interface Request {
  stream: ServerHttp2Stream;
  method: string;
  path: string;
  query: URLSearchParams;
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
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => undefined); // A cut stream is the client's to mend; 'close' follows.
    const url = new URL(String(headers[':path']), 'http://agent');
    const request = {
      stream,
      method: String(headers[':method']),
      path: url.pathname,
      query: url.searchParams,
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
  if (path === '/v1/sessions') {
    sendJSON(stream, 200, registry.list());
    return;
  }
  const [, id, part] = /^\/v1\/sessions\/([0-9a-f-]{36})(?:\/([a-z-]+))?$/.exec(path) ?? [];
  if (id === undefined) throw new ProblemError('notFound', `no such resource: ${path}`);
  if (part === undefined) await handleSession(request, id, registry);
  else {
    const release = registry.hold(id);
    stream.once('close', release);
    await handlePart(request, id, `${method} ${part}`, registry);
  }
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

async function handlePart(
  request: Request,
  id: string,
  route: string,
  registry: SessionRegistry,
): Promise<void> {
  const { stream } = request;
  const session = await registry.get(id);
  switch (route) {
    case 'GET stdout':
      return sendOutput(stream, session, 'stdout', readOffset(request.query));
    case 'GET stderr':
      return sendOutput(stream, session, 'stderr', readOffset(request.query));
    case 'PUT stdin':
      return receiveStdin(stream, session, readOffset(request.query), request.onReceived);
    case 'PUT acknowledgement': {
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

function readOffset(query: URLSearchParams): number {
  const text = query.get('from') ?? '0';
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
