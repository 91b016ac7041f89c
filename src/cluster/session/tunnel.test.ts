import { afterEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ApiConnection } from '../api/api-connection.ts';
import { RequestTrace } from '../api/request-trace.ts';
import { fixCredentials } from '../testing/fixed-credentials.ts';
import { Tunnel } from './tunnel.ts';

const success = '{"metadata":{},"status":"Success"}';
const opened: (() => unknown)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

async function listen(server: Server): Promise<ApiConnection> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(() => server.closeAllConnections());
  opened.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return {
    server: new URL(`http://127.0.0.1:${port}/prefix/`),
    credentials: fixCredentials(undefined, { Authorization: 'Bearer secret' }),
    namespace: 'default',
    ...{ via: '', context: null },
    requestTimeoutMs: null,
  };
}

/** An API server whose execs are played by the test. */
async function startServer(
  onExec: (socket: WebSocket, url: URL, raw: Duplex) => void,
  protocol = 'v5.channel.k8s.io',
): Promise<ApiConnection> {
  const server = createServer();
  const sockets = new WebSocketServer({
    server,
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  });
  sockets.on('connection', (socket, request) => {
    socket.on('error', () => undefined);
    expect(request.headers.authorization).toBe('Bearer secret');
    onExec(socket, new URL(request.url ?? '', 'http://server'), request.socket);
  });
  return listen(server);
}

function open(connection: ApiConnection): Tunnel {
  const tunnel = new Tunnel(connection, { namespace: 'crashcart', pod: 'agent-1' });
  opened.push(() => tunnel.destroy());
  return tunnel;
}

function send(socket: WebSocket, channel: number, payload: string | Buffer): void {
  socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(payload)]));
}

async function failureOf(tunnel: Tunnel): Promise<unknown> {
  tunnel.resume();
  const [error] = (await once(tunnel, 'error')) as [unknown];
  return error;
}

describe('the tunnel', () => {
  test('carries bytes both ways through an exec of the relay, and half-closes', async () => {
    let asked: URL | null = null;
    const received: Buffer[] = [];
    const connection = await startServer((socket, url) => {
      asked = url;
      send(socket, 1, '');
      socket.on('message', (message: Buffer) => {
        if (message[0] === 0) received.push(message.subarray(1));
        if (message.equals(Buffer.from([255, 0]))) {
          send(socket, 1, 'answer to ');
          send(socket, 1, Buffer.concat(received));
          send(socket, 3, success);
          socket.close(1000);
        }
      });
    });
    const tunnel = open(connection);
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
    const connection = await startServer((socket) => {
      send(socket, 3, success);
      socket.close(1000);
    });
    await text(open({ ...connection, trace }).end());
    const refusing = await listen(
      createServer().on('upgrade', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')),
    );
    await failureOf(open({ ...refusing, trace }));
    const [request, answer, , refusal] = told;
    expect(request).toMatch(/^GET ws:\S+\/pods\/agent-1\/exec\?\S+\n[^]*authorization: Bearer <masked>$/m);
    expect(answer).toMatch(/^GET ws:\S+ 101 in \d+ ms$/);
    expect(refusal).toMatch(/^GET ws:\S+ 403 in \d+ ms$/);
    expect(told.join()).not.toContain('secret');
  });

  test('is cut when the websocket ends without a status', async () => {
    const connection = await startServer((socket) => {
      send(socket, 1, 'half');
      // An empty one is none.
      send(socket, 3, '');
      socket.close(1000);
    });
    expect(await failureOf(open(connection))).toMatchObject({ code: 'connectionLost' });
  });

  test('is cut by a reset, and says what the relay said', async () => {
    const connection = await startServer((socket, _url, raw) => {
      send(socket, 2, 'socat: no such socket\n');
      setTimeout(() => (raw as Socket).resetAndDestroy(), 50);
    });
    expect(await failureOf(open(connection))).toMatchObject({
      code: 'connectionLost',
      message: expect.stringContaining('socat: no such socket'),
    });
  });

  test('fails with what the runtime and the relay say', async () => {
    const connection = await startServer((socket) => {
      send(socket, 2, 'no agent here');
      send(socket, 3, '{"status":"Failure","message":"boom","reason":"InternalError"}');
      socket.close(1000);
    });
    expect(await failureOf(open(connection))).toMatchObject({
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
    expect(await failureOf(open(await listen(server)))).toMatchObject(expected);
  });

  test('is closed, not only half, when the relay has ended', async () => {
    const connection = await startServer((socket) => send(socket, 3, success));
    const tunnel = open(connection).resume();
    await once(tunnel, 'close');
    expect(tunnel.destroyed).toBe(true);
  });

  test('speaks the older protocol too', async () => {
    const connection = await startServer((socket) => {
      send(socket, 1, 'old');
      send(socket, 3, success);
    }, 'v4.channel.k8s.io');
    expect(await text(open(connection))).toBe('old');
  });

  test('holds the sender back while nobody reads', async () => {
    const piece = Buffer.alloc(32 * 1024);
    const pieces = 4096;
    let socket: WebSocket | null = null;
    const connection = await startServer((accepted) => {
      socket = accepted;
      for (let index = 0; index < pieces; index++) send(accepted, 1, piece);
      send(accepted, 3, success);
    });
    const tunnel = open(connection);
    // In flight: what the kernel's buffers hold, and the tunnel's own.
    await waitUntilSteady(() => socket?.bufferedAmount ?? Number.MAX_SAFE_INTEGER);
    const unsent = (socket as unknown as WebSocket).bufferedAmount;
    expect(unsent).toBeGreaterThan((pieces * piece.length) / 2);
    expect(tunnel.readableLength).toBeLessThan(2 * 1024 * 1024);
    expect((await buffer(tunnel)).length).toBe(pieces * piece.length);
  });

  test('holds the writer back while the other end does not read', async () => {
    const connection = await startServer((_socket, _url, raw) => raw.pause());
    const tunnel = open(connection);
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
  const connection = await listen(server);
  server.close();
  await once(server, 'close');
  expect(await failureOf(open(connection))).toMatchObject({ code: 'connection' });
});

describe('where a proxy drops the name of the subprotocol, the tunnel', () => {
  /** An API server behind such a proxy. @param answered the name in the answer; null for none. */
  async function startUnnamedServer(
    onExec: (socket: WebSocket, raw: Socket) => void,
    answered: string | null = null,
  ) {
    const server = createServer();
    const asked: (string | undefined)[] = [];
    const sockets = new WebSocketServer({ server, handleProtocols: () => false });
    sockets.on('headers', (headers, { headers: request }) => {
      asked.push(request['sec-websocket-protocol']);
      if (answered !== null) headers.push(`Sec-WebSocket-Protocol: ${answered}`);
    });
    sockets.on('connection', (socket, { headers, socket: raw }) => {
      socket.on('error', () => undefined);
      if (headers['sec-websocket-protocol'] === undefined) onExec(socket, raw);
    });
    return { connection: await listen(server), asked };
  }

  test.each([null, ''])('goes on without one when the answer has %j', async (answered) => {
    const { connection, asked } = await startUnnamedServer((socket) => {
      send(socket, 1, '');
      socket.on('message', (message: Buffer) => {
        send(socket, 1, `answer to ${message.subarray(1).toString()}`);
        socket.close(1000);
      });
    }, answered);
    for (const question of ['one', 'two']) {
      const tunnel = open(connection);
      tunnel.write(question);
      expect(await text(tunnel)).toBe(`answer to ${question}`);
    }
    // What was found out is not tried again.
    expect(asked).toEqual(['v5.channel.k8s.io,v4.channel.k8s.io', undefined, undefined]);
  });

  test('goes on without one when the server knows none of the names that arrive', async () => {
    const server = createServer();
    const sockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      if (request.headers['sec-websocket-protocol'] !== undefined)
        return void socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      sockets.handleUpgrade(request, socket, head, (accepted) => {
        send(accepted, 1, 'here');
        accepted.close(1000);
      });
    });
    expect(await text(open(await listen(server)))).toBe('here');
  });

  test('fails with the text that the runtime sends in place of a status', async () => {
    const { connection } = await startUnnamedServer((socket) => {
      send(socket, 2, 'no agent here');
      send(socket, 3, 'command terminated with non-zero exit code: 1');
      socket.close(1000);
    });
    expect(await failureOf(open(connection))).toMatchObject({
      code: 'tunnelFailed',
      message: 'the tunnel to the agent failed: command terminated with non-zero exit code: 1; no agent here',
    });
  });

  test.each<[string, (socket: WebSocket, raw: Socket) => void]>([
    ['a reset', (_socket, raw) => raw.resetAndDestroy()],
    ['the end of the connection', (_socket, raw) => raw.end()],
    ['a server that goes away', (socket) => socket.close(1001)],
    ['a server that fails', (socket) => socket.close(1011)],
  ])('is cut by %s: it has not ended well', async (_what, cut) => {
    const { connection } = await startUnnamedServer((socket, raw) => {
      send(socket, 1, 'half');
      setTimeout(() => cut(socket, raw), 50);
    });
    expect(await failureOf(open(connection))).toMatchObject({ code: 'connectionLost' });
  });

  test.each<[string, (socket: Duplex) => void]>([
    [
      'refused',
      (socket) => socket.end('HTTP/1.1 400 X\r\nContent-Type: text/plain\r\n\r\nno name, no websocket'),
    ],
    ['cut', (socket) => socket.destroy()],
  ])('tells what the proxy has to pass on when it is %s without one, too', async (_how, answer) => {
    const server = createServer();
    server.on('upgrade', ({ headers }, socket: Duplex) => {
      if (headers['sec-websocket-protocol'] === undefined) return void answer(socket);
      const accept = createHash('sha1')
        .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
    });
    expect(await failureOf(open(await listen(server)))).toMatchObject({
      code: 'connection',
      message: expect.stringMatching(
        /^the websocket to the agent can't be opened at .*: Server sent no subprotocol$/,
      ),
      hint: 'A proxy in front of the API server has to pass on the header Sec-WebSocket-Protocol, both ways.',
    });
  });
});

test('a server that never answers the upgrade is given up after the request’s limit', async () => {
  const server = createServer();
  server.on('upgrade', () => undefined);
  const connection = { ...(await listen(server)), requestTimeoutMs: 200 };
  expect(await failureOf(open(connection))).toMatchObject({
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
