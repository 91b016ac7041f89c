import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { duplexPair, PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ProblemError } from '../../session-api/problem.ts';
import { formatProtocolRange, protocolHeader } from '../../session-api/protocol-match.ts';
import { protocolRange } from '../../session-api/protocol-version.ts';
import { buildPath, sessionRoutes } from '../../session-api/session-routes.ts';
import { createSessionServer } from './server.ts';
import { OutputBuffer } from '../sessions/output-buffer.ts';
import { SessionLease } from '../sessions/session-lease.ts';
import type { Session } from '../sessions/session.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';

const id = '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e';
const clientID = '5e0c6f0e-4c8e-4f0b-8a55-6c1f0f7f2c11';
const opened: ClientHttp2Session[] = [];

afterEach(() => {
  for (const client of opened.splice(0)) client.destroy();
});

/** A client of a server whose sessions are the test's. */
function openClient(get: () => Promise<Session>): { client: ClientHttp2Session; server: Http2Server } {
  const config = { node: 'node-1', idleMs: null, sessionMemoryBytes: 1, toolbox: '/toolbox' };
  const server = createSessionServer({
    config,
    registry: { get, draining: false } as unknown as SessionRegistry,
  });
  const [ours, theirs] = duplexPair();
  for (const end of [ours, theirs]) end.on('error', () => undefined);
  server.emit('connection', theirs);
  const client = connect('http://agent', { createConnection: () => ours });
  client.on('error', () => undefined);
  opened.push(client);
  return { client, server };
}

async function ask(client: ClientHttp2Session, headers: OutgoingHttpHeaders) {
  const request = client.request(headers);
  const [response, body] = await Promise.all([once(request, 'response'), text(request)]);
  const [{ ':status': status }] = response as [IncomingHttpHeaders];
  return { status, body: JSON.parse(body) as unknown };
}

function createSession(): Session {
  const lease = new SessionLease({
    client: clientID,
    graceSeconds: 60,
    keepSeconds: null,
    onExpired: () => undefined,
  });
  const output = new OutputBuffer(new PassThrough(), { capacityBytes: 1024 * 1024, isTerminal: false });
  return { lease, clients: 0, output: () => output } as unknown as Session;
}

test.each(['sendStdin', 'readStdout'] as const)(
  'a request that is cut before its session has started does not hold it: %s',
  async (name) => {
    const session = createSession();
    const started = Promise.withResolvers<Session>();
    const { client, server } = openClient(() => started.promise);
    const route = sessionRoutes[name];
    const path = buildPath(route, id, { client: clientID, from: 0 });
    client.request({ ':method': route.method, ':path': path }).on('error', () => undefined);
    const [stream] = (await once(server, 'stream')) as [ServerHttp2Stream];
    client.destroy();
    await once(stream, 'close');
    started.resolve(session);
    await started.promise;
    expect(session.lease.holder).toBeNull();
    expect(session.clients).toBe(0);
  },
);

test.each(['//', '///?', '/%'])('an unknown path is not found: %s', async (path) => {
  const { client } = openClient(() => Promise.reject(new Error('nobody asks for it')));
  for (const attempt of [1, 2]) {
    const { status, body } = await ask(client, { ':path': path });
    expect([attempt, status]).toEqual([attempt, 404]);
    expect(body).toMatchObject({ code: 'notFound' });
  }
});

async function askWith(protocol: string, path: string) {
  const { client } = openClient(() => Promise.reject(new ProblemError('notFound', 'no such session')));
  return await ask(client, { ':path': path, [protocolHeader]: protocol });
}

test('a client that has a version of the API in common is answered', async () => {
  expect(
    await askWith(formatProtocolRange(protocolRange), buildPath(sessionRoutes.getSession, id)),
  ).toMatchObject({
    body: { code: 'notFound', title: 'no such session' },
  });
});

test('one that has none is refused, but told who the agent is', async () => {
  const later = formatProtocolRange({ minimum: protocolRange.maximum + 1, maximum: 99 });
  expect(await askWith(later, buildPath(sessionRoutes.getSession, id))).toMatchObject({
    status: 400,
    body: { code: 'versionMismatch', title: expect.stringContaining('is too old for this plugin') },
  });
  expect(await askWith(later, '/v1')).toMatchObject({ status: 200, body: { protocol: protocolRange } });
});
