import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { Agent } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { ApiClient } from '../api/api-client.ts';
import { pods } from '../api/resources.ts';
import { Failure } from '../../failure/failure.ts';
import { ProblemError } from '../../session-api/problem.ts';
import { answerJSON, describePlayedSession, playApiServer } from '../testing/fake-api-server.ts';
import { fixCredentials } from '../testing/fixed-credentials.ts';
import { type JoinedSession, reconnect } from './reconnection.ts';

const id = '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e';
const client = '5e0c6f0e-4c8e-4f0b-8a55-6c1f0f7f2c11';
const lost = new Failure('connectionLost', 'the connection was lost');
const runningPod = { metadata: { name: 'agent-1' }, spec: {}, status: { phase: 'Running' } };
const session: JoinedSession = {
  id,
  agent: { namespace: 'crashcart', pod: 'agent-1' },
  holder: { client, audit: { claimedUser: 'ada', reason: null } },
  isNew: true,
  hasTerminal: false,
  outputBufferBytes: 1024 * 1024,
  reconnectLimitMs: 60_000,
};
const never = new AbortController().signal;
const opened: (() => unknown)[] = [];

afterEach(() => {
  jest.useRealTimers();
  for (const close of opened.splice(0)) close();
});

/** An API server, and an agent whose answers are the test's. */
async function start(
  answer: (stream: ServerHttp2Stream, request: string, attempt: number) => unknown,
  pod: object | number = runningPod,
) {
  let attempts = 0;
  const played = await playApiServer(
    () => pod,
    (_pod, request, stream) => answer(stream, request, ++attempts),
  );
  opened.push(played.close);
  return { api: played.api, requests: played.requests, countAttempts: () => attempts };
}

/** A way to a server whose connections a test can have cut, or have lost without a word. */
async function startWay(server: URL) {
  const sockets = new Set<Socket>();
  const way = createServer((near) => {
    const far = connect(Number(server.port), server.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  await once(way.listen(0, '127.0.0.1'), 'listening');
  opened.push(() => way.close());
  opened.push(() => sockets.forEach((socket) => socket.destroy()));
  return {
    url: new URL(`http://127.0.0.1:${(way.address() as AddressInfo).port}/`),
    cut: () => sockets.forEach((socket) => socket.resetAndDestroy()),
    silence: () => sockets.forEach((socket) => socket.unpipe().pause()),
  };
}

function answerProblem(stream: ServerHttp2Stream, problem: ProblemError): void {
  const body = problem.toProblem();
  stream.respond({ ':status': body.status, 'content-type': 'application/problem+json' });
  stream.end(JSON.stringify(body));
}

describe('a client that reconnects', () => {
  test('holds the session as the same client, without taking it over', async () => {
    const bodies: unknown[] = [];
    const { api } = await start(async (stream, request) => {
      bodies.push(request, await json(stream));
      answerJSON(stream, describePlayedSession(id));
    });
    const connection = await reconnect(lost, api, session, never);
    connection.close();
    expect(bodies).toEqual([
      `PUT /v1/sessions/${id}/holder`,
      { client, takeOver: false, audit: { ...session.holder?.audit, tunnelID: connection.tunnel.id } },
    ]);
  });

  test.each(['cut', 'silence'] as const)(
    'waits for nothing at its first attempt, after a %s of all connections, kept ones too',
    async (how) => {
      const { api, requests, countAttempts } = await start((stream) =>
        answerJSON(stream, describePlayedSession(id)),
      );
      const way = await startWay(api.connection.server);
      const credentials = fixCredentials(new Agent({ keepAlive: true }));
      const kept = new ApiClient({ ...api.connection, server: way.url, credentials });
      const { namespace, pod } = session.agent;
      // Two at once: two connections are kept.
      const look = () => kept.get({ ...pods.get(namespace, pod), signal: never });
      await Promise.all([look(), look()]);
      // A clock that stands still.
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'performance'] });
      way[how]();
      const before = requests.length;
      (await reconnect(lost, kept, session, never)).close();
      expect(countAttempts()).toBe(1);
      // Nor was the API server asked for anything but the exec.
      expect(requests.slice(before)).toEqual([]);
    },
  );

  test('that only watched asks whether the session is still there', async () => {
    const requests: string[] = [];
    const { api } = await start((stream, request) => {
      requests.push(request);
      answerJSON(stream, describePlayedSession(id));
    });
    (await reconnect(lost, api, { ...session, holder: null }, never)).close();
    expect(requests).toEqual([`GET /v1/sessions/${id}`]);
  });

  test('tries again while the agent runs, with credentials that are read again each time', async () => {
    const { api, countAttempts } = await start((stream, _request, attempt) => {
      if (attempt === 1) stream.session?.destroy();
      else answerJSON(stream, describePlayedSession(id));
    });
    const { connection } = api;
    let readings = 0;
    const { credentials } = connection;
    const reload = (signal: AbortSignal) => (readings++, credentials.reload(signal));
    const counted = { ...connection, credentials: { ...credentials, reload } };
    const again = Object.create(api, { connection: { value: counted } }) as typeof api;
    (await reconnect(lost, again, session, never)).close();
    expect(countAttempts()).toBe(2);
    expect(readings).toBeGreaterThanOrEqual(2);
  });

  test('asks a credential plugin that has failed once for each attempt, and not again after Ctrl-C', async () => {
    const { api, countAttempts } = await start((stream) => answerJSON(stream, describePlayedSession(id)));
    const { credentials } = api.connection;
    const failures = ['credentials', 'credentials', 'interrupted'] as const;
    let runs = 0;
    const fail = () => Promise.reject(new Failure(failures[runs++] ?? 'internal', 'the plugin failed'));
    const connection = { ...api.connection, credentials: { ...credentials, prepare: fail, reload: fail } };
    const failing = new ApiClient(connection);
    await expect(reconnect(lost, failing, session, never)).rejects.toMatchObject({ code: 'interrupted' });
    expect({ runs, attempts: countAttempts() }).toEqual({ runs: 3, attempts: 0 });
  });

  test('learns that the agent no longer knows the session', async () => {
    const { api, countAttempts } = await start((stream) =>
      answerProblem(stream, new ProblemError('notFound', 'no such session')),
    );
    await expect(reconnect(lost, api, session, never)).rejects.toMatchObject({ code: 'sessionLost' });
    expect(countAttempts()).toBe(1);
  });

  test('learns that another client has taken the session over', async () => {
    const taken = new ProblemError('takenOver', 'another client holds the session');
    const { api } = await start((stream) => answerProblem(stream, taken));
    await expect(reconnect(lost, api, session, never)).rejects.toMatchObject({ code: 'takenOver' });
  });

  test.each([
    ['was deleted', 404],
    ['failed', { ...runningPod, status: { phase: 'Failed', reason: 'Evicted', message: 'low on memory' } }],
  ])('learns that the pod of the agent %s', async (_how, pod) => {
    const { api, countAttempts } = await start((stream) => stream.session?.destroy(), pod);
    await expect(reconnect(lost, api, session, never)).rejects.toMatchObject({ code: 'agentFailed' });
    expect(countAttempts()).toBe(1);
  });

  test('gives up after its limit, with the reason of the loss', async () => {
    const { api } = await start((stream) => stream.session?.destroy());
    const limited = { ...session, reconnectLimitMs: 300 };
    await expect(reconnect(lost, api, limited, never)).rejects.toMatchObject({
      code: 'connectionLost',
      message: 'the connection was lost; reconnecting failed for 0.3 s',
    });
  });

  test('stops when its signal says so', async () => {
    const enough = new Error('enough');
    const controller = new AbortController();
    const { api } = await start(() => controller.abort(enough));
    await expect(reconnect(lost, api, session, controller.signal)).rejects.toBe(enough);
  });
});
