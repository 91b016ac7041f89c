import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type WebSocket, WebSocketServer } from 'ws';
import { listenAsApiServer, openTunnel, sendOn, waitForFailure } from '../../testing/exec-server.ts';

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
    return { connection: await listenAsApiServer(server), asked };
  }

  test.each([null, ''])('goes on without one when the answer has %j', async (answered) => {
    const { connection, asked } = await startUnnamedServer((socket) => {
      sendOn(socket, 1, '');
      socket.on('message', (message: Buffer) => {
        sendOn(socket, 1, `answer to ${message.subarray(1).toString()}`);
        socket.close(1000);
      });
    }, answered);
    for (const question of ['one', 'two']) {
      const tunnel = openTunnel(connection);
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
        sendOn(accepted, 1, 'here');
        accepted.close(1000);
      });
    });
    expect(await text(openTunnel(await listenAsApiServer(server)))).toBe('here');
  });

  test('fails with the text that the runtime sends in place of a status', async () => {
    const { connection } = await startUnnamedServer((socket) => {
      sendOn(socket, 2, 'no agent here');
      sendOn(socket, 3, 'command terminated with non-zero exit code: 1');
      socket.close(1000);
    });
    expect(await waitForFailure(openTunnel(connection))).toMatchObject({
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
      sendOn(socket, 1, 'half');
      setTimeout(() => cut(socket, raw), 50);
    });
    expect(await waitForFailure(openTunnel(connection))).toMatchObject({ code: 'connectionLost' });
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
    expect(await waitForFailure(openTunnel(await listenAsApiServer(server)))).toMatchObject({
      code: 'connection',
      message: expect.stringMatching(
        /^the websocket to the agent can't be opened at .*: Server sent no subprotocol$/,
      ),
      hint: 'A proxy in front of the API server has to pass on the header Sec-WebSocket-Protocol, both ways.',
    });
  });
});
