import { constants } from 'node:http2';
import { ProblemError } from '../../session-api/problem.ts';
import { type AgentInfo, protocolRange } from '../../session-api/protocol/protocol-version.ts';
import {
  type OutputStreamName,
  type Retirement,
  type RouteName,
  sessionRoutes,
} from '../../session-api/session-routes.ts';
import { containerIDSchema } from '../../session-api/session-spec.ts';
import { agentVersion } from '../agent-version.ts';
import { listContainerProcesses } from '../node/container-processes.ts';
import { reportNode } from '../node/node-inspection.ts';
import type { AuditLog } from '../sessions/audit-log.ts';
import type { OutputReading } from '../sessions/streams/output-buffer.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { Session } from '../sessions/session.ts';
import { sendJSON } from './answer.ts';
import { readBody, readClient, readOffset, type Request } from './request.ts';
import { receiveStdin, sendOutput } from './session-streams.ts';

/** Clients that watch an output at once: each has a compressor and a buffer. */
const maxWatchers = 16;

/** The agent that requests are sent to. */
export interface Agent {
  /** Name of its node. */
  node: string;
  registry: SessionRegistry;
  auditLog: AuditLog;
}

/** @throws ProblemError when the request is refused; the caller answers with it. */
export type RequestHandler = (request: Request, agent: Agent) => Promise<void> | void;

export type RequestHandlers = Record<RouteName, RequestHandler>;

/** What each request of the session API does. */
export const requestHandlers: RequestHandlers = {
  describeAgent: ({ stream }, { node, registry }) => {
    const info: AgentInfo = {
      version: agentVersion,
      protocol: protocolRange,
      node,
      draining: registry.isDraining,
      clockMs: Date.now(),
    };
    sendJSON(stream, 200, info);
  },

  reportNode: async ({ stream }) => sendJSON(stream, 200, await reportNode()),

  listProcesses: async ({ stream, query }) => {
    const container = containerIDSchema.safeParse(query.get('container'));
    if (!container.success)
      throw new ProblemError('invalidRequest', 'container is not the ID of a container');
    const gone = new AbortController();
    stream.once('close', () => gone.abort());
    sendJSON(stream, 200, await listContainerProcesses(container.data, gone.signal));
  },

  retireAgent: ({ stream }, { registry }) => {
    const answer: Retirement = { isRetired: registry.retire() };
    sendJSON(stream, 200, answer);
  },

  listSessions: ({ stream }, { registry }) => sendJSON(stream, 200, registry.list()),

  startSession: async ({ stream, id }, { registry }) => {
    const gone = new AbortController();
    stream.once('close', () => gone.abort());
    const read = () => readBody(stream, sessionRoutes.startSession.body);
    const session = await registry.start(id, read, gone.signal);
    sendJSON(stream, 201, session.state);
  },

  getSession: async ({ stream, id }, { registry }) => sendJSON(stream, 200, (await registry.get(id)).state),

  // Also when the client is gone meanwhile: a request to end a session needs no reader of its answer.
  deleteSession: async ({ stream, id, query }, { registry }) => {
    const session = await registry.delete(id, describeStop(query));
    sendJSON(stream, 200, session.state);
  },

  holdSession: withSession(async ({ stream }, session, { auditLog }) => {
    const { client, takeOver, audit } = await readBody(stream, sessionRoutes.holdSession.body);
    session.lease.take(client, takeOver);
    auditLog.held(session, audit);
    sendJSON(stream, 200, session.state);
  }),

  detachSession: withSession(async ({ stream }, session) => {
    const { client, keepSeconds } = await readBody(stream, sessionRoutes.detachSession.body);
    session.lease.detach(client, keepSeconds);
    sendJSON(stream, 200, session.state);
  }),

  sendStdin: withSession(async (request, session) => {
    holdSession(request, session, 'stdin');
    await receiveStdin(request.stream, session, readOffset(request.query), request.onReceived);
  }),

  readStdout: withSession((request, session) => readOutput(request, session, 'stdout')),

  readStderr: withSession((request, session) => readOutput(request, session, 'stderr')),

  acknowledgeOutput: withSession(async ({ stream, query }, session) => {
    session.lease.check(readClient(query) ?? '');
    const { stdout, stderr } = await readBody(stream, sessionRoutes.acknowledgeOutput.body);
    if (stdout !== undefined) session.output('stdout').acknowledge(stdout);
    if (stderr !== undefined) session.output('stderr').acknowledge(stderr);
    sendJSON(stream, 200, {});
  }),

  resizeTerminal: withSession(async ({ stream }, session) => {
    session.resize(await readBody(stream, sessionRoutes.resizeTerminal.body));
    sendJSON(stream, 200, {});
  }),

  sendSignal: withSession(async ({ stream }, session) => {
    const { signal } = await readBody(stream, sessionRoutes.sendSignal.body);
    session.signal(signal);
    sendJSON(stream, 200, {});
  }),
};

/** Says who ends a session, for whoever is attached to it. */
function describeStop(query: URLSearchParams): string {
  if (readClient(query) !== null) return 'its client ended it';
  const user = query.get('user');
  return user === null ? 'it was stopped' : `it was stopped by ${user}`;
}

function withSession(
  handle: (request: Request, session: Session, agent: Agent) => Promise<void>,
): RequestHandler {
  return async (request, agent) => {
    const { stream, id } = request;
    const session = await agent.registry.get(id);
    // The request may have waited for the start of its session. A request that was cut meanwhile emits no 'close' any
    // more, so it would hold the session for ever.
    if (!stream.closed && !stream.destroyed) await handle(request, session, agent);
  };
}

async function readOutput(request: Request, session: Session, name: OutputStreamName): Promise<void> {
  const { stream, query } = request;
  const isHeld = readClient(query) !== null;
  const output = session.output(name);
  const from = readOffset(query);
  // First of all: an older request of this client must not let the command go on meanwhile.
  if (isHeld) holdSession(request, session, name);
  const reading = isHeld ? output.hold(from) : watchOutput(stream, session, name, from);
  if (name === 'stdout') {
    session.clients++;
    stream.once('close', () => session.clients--);
  }
  await sendOutput(stream, session, { name, reading, isHeld, compress: request.acceptsZstd });
}

/** @throws ProblemError `capacity` when too many clients watch. */
function watchOutput(
  stream: Request['stream'],
  session: Session,
  name: OutputStreamName,
  from: number | null,
): OutputReading {
  const count = session.watchers.get(name) ?? 0;
  if (count >= maxWatchers)
    throw new ProblemError('capacity', `${count} clients watch the session already`, 'Try again later.');
  session.watchers.set(name, count + 1);
  stream.once('close', () => session.watchers.set(name, (session.watchers.get(name) ?? 1) - 1));
  return session.output(name).watch(from);
}

/** @throws ProblemError `invalidRequest` without a client's ID, `takenOver`. */
function holdSession({ stream, query }: Request, session: Session, kind: string): void {
  const client = readClient(query);
  if (client === null) throw new ProblemError('invalidRequest', `${kind} needs the client's ID`);
  const release = session.lease.hold(client, kind, () => stream.close(constants.NGHTTP2_CANCEL));
  stream.once('close', release);
}
