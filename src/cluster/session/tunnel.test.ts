import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import type { WebSocket } from 'ws';
import { RequestTrace } from '../api/request-trace.ts';
import {
  listenAsApiServer,
  openTunnel,
  sendOn,
  startExecServer,
  waitForFailure,
} from '../testing/exec-server.ts';

const success = '{"metadata":{},"status":"Success"}';

describe('the tunnel', () => {
  test('carries bytes both ways through an exec of the relay, and half-closes', async () => {
    let asked: URL | null = null;
    const received: Buffer[] = [];
    const connection = await startExecServer((socket, url) => {
      asked = url;
      sendOn(socket, 1, '');
      socket.on('message', (message: Buffer) => {
        if (message[0] === 0) received.push(message.subarray(1));
        if (message.equals(Buffer.from([255, 0]))) {
          sendOn(socket, 1, 'answer to ');
          sendOn(socket, 1, Buffer.concat(received));
          sendOn(socket, 3, success);
          socket.close(1000);
        }
      });
    });
    const tunnel = openTunnel(connection);
    tunnel.end('question');
    expect(await text(tunnel)).toBe('answer to question');
    const url = asked as unknown as URL;
    expect(url.pathname).toBe('/prefix/api/v1/namespaces/crashcart/pods/agent-1/exec');
    expect(url.searchParams.getAll('command')).toEqual(['/usr/local/bin/crashcart-relay', tunnel.id]);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      container: 'agent',
      stdin: 'true',
      stdout: 'true',
      stderr: 'true',
      tty: 'false',
    });
  });

  test('is told of as any request, also when it is refused, and without its credentials', async () => {
    const told: string[] = [];
    const trace = new RequestTrace(7, (text) => told.push(text));
    const connection = await startExecServer((socket) => {
      sendOn(socket, 3, success);
      socket.close(1000);
    });
    await text(openTunnel({ ...connection, trace }).end());
    const refusing = await listenAsApiServer(
      createServer().on('upgrade', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')),
    );
    await waitForFailure(openTunnel({ ...refusing, trace }));
    const [request, answer, , refusal] = told;
    expect(request).toMatch(/^GET ws:\S+\/pods\/agent-1\/exec\?\S+\n[^]*authorization: Bearer <masked>$/m);
    expect(answer).toMatch(/^GET ws:\S+ 101 in \d+ ms$/);
    expect(refusal).toMatch(/^GET ws:\S+ 403 in \d+ ms$/);
    expect(told.join()).not.toContain('secret');
  });

  test('is cut when the websocket ends without a status', async () => {
    const connection = await startExecServer((socket) => {
      sendOn(socket, 1, 'half');
      // An empty one is none.
      sendOn(socket, 3, '');
      socket.close(1000);
    });
    expect(await waitForFailure(openTunnel(connection))).toMatchObject({ code: 'connectionLost' });
  });

  test('is cut by a reset, and says what the relay said', async () => {
    const connection = await startExecServer((socket, _url, raw) => {
      sendOn(socket, 2, 'socat: no such socket\n');
      setTimeout(() => (raw as Socket).resetAndDestroy(), 50);
    });
    expect(await waitForFailure(openTunnel(connection))).toMatchObject({
      code: 'connectionLost',
      message: expect.stringContaining('socat: no such socket'),
    });
  });

  test('fails with what the runtime and the relay say', async () => {
    const connection = await startExecServer((socket) => {
      sendOn(socket, 2, 'no agent here');
      sendOn(socket, 3, '{"status":"Failure","message":"boom","reason":"InternalError"}');
      socket.close(1000);
    });
    expect(await waitForFailure(openTunnel(connection))).toMatchObject({
      code: 'tunnelFailed',
      message: 'the tunnel to the agent failed: boom; no agent here',
    });
  });

  test.each([
    [403, '', { code: 'tunnelFailed', message: expect.stringContaining('v5.channel.k8s.io') }],
    [
      403,
      '{"kind":"Status","status":"Failure","message":"pods \\"a\\" is forbidden: User \\"eve\\" cannot get resource \\"pods/exec\\" in API group \\"\\" in the namespace \\"crashcart\\"","reason":"Forbidden"}',
      { code: 'forbidden', message: 'you may not get pods/exec in the namespace "crashcart"', status: 403 },
    ],
    [
      404,
      '{"kind":"Status","status":"Failure","message":"pods \\"a\\" not found","reason":"NotFound"}',
      { code: 'apiError', status: 404, reason: 'NotFound', message: 'pods "a" not found' },
    ],
  ])('tells an answer %d %j from others', async (status, body, expected) => {
    const server = createServer();
    server.on('upgrade', (_request, socket: Duplex) => {
      socket.end(
        `HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    });
    expect(await waitForFailure(openTunnel(await listenAsApiServer(server)))).toMatchObject(expected);
  });

  test('is closed, not only half, when the relay has ended', async () => {
    const connection = await startExecServer((socket) => sendOn(socket, 3, success));
    const tunnel = openTunnel(connection).resume();
    await once(tunnel, 'close');
    expect(tunnel.destroyed).toBe(true);
  });

  test('speaks the older protocol too', async () => {
    const connection = await startExecServer((socket) => {
      sendOn(socket, 1, 'old');
      sendOn(socket, 3, success);
    }, 'v4.channel.k8s.io');
    expect(await text(openTunnel(connection))).toBe('old');
  });

  test('holds the sender back while nobody reads', async () => {
    const piece = Buffer.alloc(32 * 1024);
    const pieces = 4096;
    let socket: WebSocket | null = null;
    const connection = await startExecServer((accepted) => {
      socket = accepted;
      for (let index = 0; index < pieces; index++) sendOn(accepted, 1, piece);
      sendOn(accepted, 3, success);
    });
    const tunnel = openTunnel(connection);
    // In flight: what the kernel's buffers hold, and the tunnel's own.
    await waitUntilSteady(() => socket?.bufferedAmount ?? Number.MAX_SAFE_INTEGER);
    const unsent = (socket as unknown as WebSocket).bufferedAmount;
    expect(unsent).toBeGreaterThan((pieces * piece.length) / 2);
    expect(tunnel.readableLength).toBeLessThan(2 * 1024 * 1024);
    expect((await buffer(tunnel)).length).toBe(pieces * piece.length);
  });

  test('holds the writer back while the other end does not read', async () => {
    const connection = await startExecServer((_socket, _url, raw) => raw.pause());
    const tunnel = openTunnel(connection);
    const piece = Buffer.alloc(256 * 1024);
    let written = 0;
    const limit = 64 * 1024 * 1024;
    const write = () => {
      while (written < limit) {
        written += piece.length;
        if (!tunnel.write(piece)) return void tunnel.once('drain', write);
      }
    };
    write();
    await waitUntilSteady(() => written);
    expect(written).toBeLessThan(limit);
  });
});

test('a server that is not there is not a lost connection: nothing has been asked for', async () => {
  const server = createServer();
  const connection = await listenAsApiServer(server);
  server.close();
  await once(server, 'close');
  expect(await waitForFailure(openTunnel(connection))).toMatchObject({ code: 'connection' });
});

test('a server that never answers the upgrade is given up after the request’s limit', async () => {
  const server = createServer();
  server.on('upgrade', () => undefined);
  const connection = { ...(await listenAsApiServer(server)), requestTimeoutMs: 200 };
  expect(await waitForFailure(openTunnel(connection))).toMatchObject({
    code: 'timeout',
    message: expect.stringContaining('did not open the websocket to the agent within 0.2 s'),
  });
});

/** Waits until a figure has not changed for a while. */
async function waitUntilSteady(read: () => number): Promise<void> {
  const deadline = performance.now() + 10_000;
  let last = Number.NaN;
  for (let same = 0; same < 5;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = read();
    same = now === last ? same + 1 : 0;
    last = now;
    if (performance.now() > deadline) throw new Error('still changing after 10 s');
  }
}
