// API servers whose execs are played by a test, and tunnels to them: all are closed after each test.
import { afterEach, expect } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ApiConnection } from '../api/api-connection.ts';
import { Tunnel } from '../session/tunnel.ts';
import { fixCredentials } from './fixed-credentials.ts';

const opened: (() => unknown)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** @returns the way to a server of the test, as one that listens on loopback. */
export async function listenAsApiServer(server: Server): Promise<ApiConnection> {
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
export async function startExecServer(
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
  return listenAsApiServer(server);
}

export function openTunnel(connection: ApiConnection): Tunnel {
  const tunnel = new Tunnel(connection, { namespace: 'crashcart', pod: 'agent-1' });
  opened.push(() => tunnel.destroy());
  return tunnel;
}

/** Sends what the runtime sends on a channel of exec: 1 is stdout, 2 stderr, 3 the status. */
export function sendOn(socket: WebSocket, channel: number, payload: string | Buffer): void {
  socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(payload)]));
}

/** @returns the error that a tunnel ends with. */
export async function waitForFailure(tunnel: Tunnel): Promise<unknown> {
  tunnel.resume();
  const [error] = (await once(tunnel, 'error')) as [unknown];
  return error;
}
