import { afterEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair, type Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { buildPath, maxBodyBytes, sessionRoutes } from '../../session-api/session-routes.ts';
import { createSpec, FakeAgent } from '../../testing/fake-agent.ts';
import { maxKeptSessions } from '../sessions/admission/session-admission.ts';

const mebibyte = 1024 * 1024;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function openAgent(): FakeAgent {
  const agent = new FakeAgent();
  closers.push(() => agent.close());
  return agent;
}

/** @param windowBytes what the client takes of each answer without reading it. */
function openClient(agent: FakeAgent, windowBytes = 65_535): ClientHttp2Session {
  const [ours, theirs] = duplexPair();
  ours.on('error', () => undefined);
  agent.accept(theirs);
  const settings = { initialWindowSize: windowBytes };
  const client = connect('http://agent', { createConnection: () => ours, settings });
  client.on('error', () => undefined);
  closers.unshift(() => client.destroy());
  return client;
}

/** @returns the answer's status; the code of the reset when there was none. */
function readStatus(request: ClientHttp2Stream): Promise<number | string> {
  return new Promise((resolve) => {
    request.on('error', () => undefined);
    request.once('response', (headers: IncomingHttpHeaders) => resolve(Number(headers[':status'])));
    request.once('close', () => resolve(`reset ${request.rstCode}`));
  });
}

const count = (values: unknown[], value: unknown) => values.filter((each) => each === value).length;

/** @returns by how many bytes the heap has grown after many pieces that were written at one end and have come to the other. */
async function measureGrowth(from: Writable, to: Readable): Promise<number> {
  let receivedBytes = 0;
  to.on('data', (chunk: Buffer) => (receivedBytes += chunk.length));
  const pass = async (pieces: number) => {
    for (const end = receivedBytes + pieces; receivedBytes < end;) {
      from.write('x');
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await pass(2000);
  const before = measureHeap();
  await pass(20_000);
  return measureHeap() - before;
}

/** @returns the bytes of the heap that are reachable. */
function measureHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** The agent still does what it is for. */
async function expectService(agent: FakeAgent): Promise<void> {
  const request = openClient(agent).request({ ':path': '/v1' });
  expect(JSON.parse(await text(request))).toMatchObject({ draining: false });
}

const put = (client: ClientHttp2Session) =>
  client.request({ ':method': 'PUT', ':path': buildPath(sessionRoutes.startSession, randomUUID()) });

describe('the memory of the agent does not grow', () => {
  test('with bodies that never end', async () => {
    const agent = openAgent();
    const requests = Array.from({ length: 6 }, () => put(openClient(agent)));
    const size = maxBodyBytes - 1024;
    for (const request of requests) request.write(Buffer.alloc(size, ' '));
    const statuses: (number | string | null)[] = await Promise.all(
      requests.map((request) =>
        Promise.race([readStatus(request), new Promise<null>((resolve) => setTimeout(resolve, 3000, null))]),
      ),
    );
    // Four of them are waited for.
    expect([count(statuses, 503) >= 2, count(statuses, null) <= 4]).toEqual([true, true]);
    for (const request of requests) request.close();
    await expectService(agent);
    const whole = put(openClient(agent));
    whole.end(JSON.stringify(createSpec()));
    expect(await readStatus(whole)).toBe(201);
  });

  test('with streams', async () => {
    const agent = openAgent();
    const client = openClient(agent);
    await once(client, 'remoteSettings');
    const requests = Array.from({ length: 1000 }, () => put(client));
    for (const request of requests) request.on('error', () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(agent.requests.length).toBeLessThanOrEqual(256);
    await expectService(agent);
  });

  test('with connections', async () => {
    const agent = openAgent();
    const directory = await mkdtemp(join(tmpdir(), 'agent-'));
    const path = join(directory, 'agent.sock');
    await new Promise<void>((resolve) => agent.server.listen(path, resolve));
    const sockets = Array.from({ length: 150 }, () => createConnection(path).on('error', () => undefined));
    closers.unshift(() => rm(directory, { recursive: true }));
    closers.unshift(() => agent.server.close());
    for (const socket of sockets) closers.unshift(() => socket.destroy());
    for (const socket of sockets) socket.resume();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const open = sockets.filter((socket) => !socket.destroyed && !socket.readableEnded);
    expect(open).toHaveLength(128);
  });

  test('with headers', async () => {
    const agent = openAgent();
    const client = openClient(agent);
    const headers = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'x'.repeat(16_000)]),
    );
    const status = await readStatus(client.request({ ':path': '/v1', ...headers }));
    expect(status).not.toBe(200);
    await expectService(agent);
  });

  test('with answers that nobody reads', async () => {
    const agent = openAgent();
    const id = randomUUID();
    await agent.addSession(id, { command: ['x'.repeat(mebibyte)] });
    const path = buildPath(sessionRoutes.getSession, id);
    const clients = [openClient(agent, 0), openClient(agent, 0)];
    const statuses = await Promise.all(
      clients.flatMap((client) =>
        Array.from({ length: 50 }, () => readStatus(client.request({ ':path': path }))),
      ),
    );
    expect([count(statuses, 200) <= 64, count(statuses, 503) >= 36]).toEqual([true, true]);
    for (const client of clients) client.destroy();
    await expectService(agent);
    expect(await readStatus(openClient(agent).request({ ':path': path }))).toBe(200);
  });

  test('with a list of sessions whose commands are long', async () => {
    const agent = openAgent();
    const command = ['x'.repeat(mebibyte / 2), ...Array.from({ length: 1000 }, () => 'y'.repeat(100))];
    await agent.addSession(randomUUID(), { command });
    const answer = await text(openClient(agent).request({ ':path': '/v1/sessions' }));
    expect(answer.length).toBeLessThan(8192);
    const [state] = JSON.parse(answer) as [{ command: string[] }];
    expect(state.command).toEqual([`${'x'.repeat(4096)}…`, '…']);
  });

  test('with clients that watch an output', async () => {
    const agent = openAgent();
    const id = randomUUID();
    await agent.addSession(id);
    const path = buildPath(sessionRoutes.readStdout, id);
    const client = openClient(agent);
    const requests = Array.from({ length: 20 }, () => client.request({ ':path': path }));
    const statuses = await Promise.all(requests.map(readStatus));
    expect([count(statuses, 200), count(statuses, 503)]).toEqual([16, 4]);
    for (const request of requests.slice(0, 8)) request.close(constants.NGHTTP2_CANCEL);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await readStatus(client.request({ ':path': path }))).toBe(200);
  });

  test('with the pieces of an output', async () => {
    const agent = openAgent();
    const id = randomUUID();
    const { stdout } = await agent.addSession(id);
    const request = openClient(agent).request({ ':path': buildPath(sessionRoutes.readStdout, id) });
    expect(await measureGrowth(stdout, request)).toBeLessThan(mebibyte);
  });

  test('with the pieces of stdin', async () => {
    const agent = openAgent();
    const id = randomUUID();
    const client = randomUUID();
    const { stdin } = await agent.addSession(id, { client, stdin: true });
    const path = buildPath(sessionRoutes.sendStdin, id, { client, from: 0 });
    const request = openClient(agent).request({ ':method': 'PUT', ':path': path }).resume();
    expect(await measureGrowth(request, stdin)).toBeLessThan(mebibyte);
  });

  test('with sessions that have ended', async () => {
    const agent = openAgent();
    for (let started = 0; started < maxKeptSessions + 10; started++) {
      const id = randomUUID();
      (await agent.addSession(id)).end();
      await (
        await agent.registry.get(id)
      ).ended;
    }
    expect(agent.registry.list()).toHaveLength(maxKeptSessions + 1);
  });
});
