import { afterEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';
import { formatProtocolRange, protocolHeader } from '../../session-api/protocol/protocol-match.ts';
import { protocolRange } from '../../session-api/protocol/protocol-version.ts';
import { buildPath, sessionRoutes } from '../../session-api/session-routes.ts';
import { createSpec, FakeAgent, type FakeAgentOptions } from '../../testing/fake-agent.ts';

const id = randomUUID();
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** An agent, and a client that sends whatever the test wants. */
function openAgent(options: FakeAgentOptions = {}): { agent: FakeAgent; client: ClientHttp2Session } {
  const agent = new FakeAgent(options);
  const [ours, theirs] = duplexPair();
  ours.on('error', () => undefined);
  agent.accept(theirs);
  const client = connect('http://agent', { createConnection: () => ours });
  client.on('error', () => undefined);
  closers.push(
    () => client.destroy(),
    () => agent.close(),
  );
  return { agent, client };
}

async function ask(client: ClientHttp2Session, headers: OutgoingHttpHeaders) {
  const request = client.request(headers);
  const [response, body] = await Promise.all([once(request, 'response'), text(request)]);
  const [{ ':status': status }] = response as [IncomingHttpHeaders];
  return { status, body: JSON.parse(body) as unknown };
}

test.each(['sendStdin', 'readStdout'] as const)(
  'a request that is cut before its session has started does not hold it: %s',
  async (name) => {
    const prepared = Promise.withResolvers<void>();
    const { agent, client } = openAgent({
      prepareProcess: async (session, requested) => {
        await prepared.promise;
        return agent.makeProcess(session, requested);
      },
    });
    const holder = randomUUID();
    const spec = createSpec({ client: holder });
    const starting = agent.registry.start(id, () => Promise.resolve(spec), new AbortController().signal);
    const route = sessionRoutes[name];
    const path = buildPath(route, id, { client: holder, from: 0 });
    client.request({ ':method': route.method, ':path': path }).on('error', () => undefined);
    const [stream] = (await once(agent.server, 'stream')) as [ServerHttp2Stream];
    client.destroy();
    await once(stream, 'close');
    prepared.resolve();
    expect((await starting).state).toMatchObject({ holder: null, clients: 0 });
  },
);

test.each(['//', '///?', '/%'])('an unknown path is not found: %s', async (path) => {
  const { client } = openAgent();
  for (const attempt of [1, 2]) {
    const { status, body } = await ask(client, { ':path': path });
    expect([attempt, status]).toEqual([attempt, 404]);
    expect(body).toMatchObject({ code: 'notFound' });
  }
});

test.each(['/v1', '/v1/node', '/v1/sessions', `/v1/sessions/${id}`])(
  'a method that the path does not have is refused: POST %s',
  async (path) => {
    const { client } = openAgent();
    expect(await ask(client, { ':method': 'POST', ':path': path })).toMatchObject({
      status: 405,
      body: { code: 'methodNotAllowed' },
    });
  },
);

describe('a client', () => {
  const path = buildPath(sessionRoutes.getSession, id);
  const later = formatProtocolRange({ minimum: protocolRange.maximum + 1, maximum: 99 });

  test('whose versions of the API overlap with the agent’s is answered', async () => {
    const { client } = openAgent();
    const header = { [protocolHeader]: formatProtocolRange(protocolRange) };
    expect(await ask(client, { ':path': path, ...header })).toMatchObject({
      body: { code: 'notFound', title: `no session ${id}` },
    });
  });

  test.each([path, '/v1/something-new'])('whose versions do not is refused: %s', async (asked) => {
    const { client } = openAgent();
    expect(await ask(client, { ':path': asked, [protocolHeader]: later })).toMatchObject({
      status: 400,
      body: { code: 'versionMismatch', title: expect.stringContaining('is too old for this plugin') },
    });
  });

  test('is told who the agent is, whatever its versions', async () => {
    const { client } = openAgent();
    expect(await ask(client, { ':path': '/v1', [protocolHeader]: later })).toMatchObject({
      status: 200,
      body: { protocol: protocolRange, node: 'node-1', draining: false },
    });
  });
});
