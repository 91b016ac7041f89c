import { once } from 'node:events';
import {
  createServer as createHTTPServer,
  type IncomingMessage,
  request as requestHTTP,
  type ServerResponse,
} from 'node:http';
import { createServer as createHTTPSServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A proxy of a test. */
export interface ProxyServer {
  port: number;
  /** What clients asked for, as they named it: `host:port`, or the URL of a plain request. */
  asked: string[];
  close(): void;
}

export interface HTTPProxyOptions {
  /** Speak TLS with this key and certificate. */
  tls?: { key: string; cert: string };
  /** `user:password` that a client has to give. */
  credentials?: string;
  /** Answer so to every CONNECT, in place of a connection. */
  refusal?: string;
}

/**
 * Starts an HTTP proxy: CONNECT, and requests with a whole URL.
 * @param find where what was asked for really is, `[host, port]`.
 */
export async function startHTTPProxy(
  find: (asked: string) => [host: string, port: number],
  { tls, credentials, refusal }: HTTPProxyOptions = {},
): Promise<ProxyServer> {
  const asked: string[] = [];
  const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const isRefused = ({ headers }: IncomingMessage) =>
    expected !== undefined && headers['proxy-authorization'] !== expected;
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    asked.push(incoming.url ?? '');
    const { host, pathname, search } = new URL(incoming.url ?? '');
    const [hostname, port] = find(host);
    const { method, headers } = incoming;
    const onward = requestHTTP({ hostname, port, method, headers, path: `${pathname}${search}` });
    onward.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 0, response.headers);
      response.pipe(outgoing);
    });
    incoming.pipe(onward);
  };
  const server = tls ? createHTTPSServer(tls, answer) : createHTTPServer(answer);
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    asked.push(request.url ?? '');
    if (isRefused(request)) client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    else if (refusal !== undefined) client.end(`HTTP/1.1 ${refusal}\r\n\r\n`);
    else joinTo(client, find(request.url ?? ''), () => client.write('HTTP/1.1 200 OK\r\n\r\n'), head);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, asked, close };
}

/** Starts a SOCKS5 proxy without authentication (https://www.rfc-editor.org/rfc/rfc1928). */
export async function startSOCKSProxy(
  find: (asked: string) => [host: string, port: number],
): Promise<ProxyServer> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined).once('close', () => sockets.delete(client));
    client.once('data', () => {
      client.write(Buffer.from([5, 0]));
      client.once('data', (request: Buffer) => {
        const target = readSOCKSTarget(request);
        asked.push(target);
        joinTo(client, find(target), () => client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, asked, close };
}

/** Reads a request to CONNECT: version, command, reserved, type of the address, address, port. */
function readSOCKSTarget(request: Buffer): string {
  const port = request.readUInt16BE(request.length - 2);
  const address = request.subarray(4, -2);
  switch (request[3]) {
    case 1:
      return `${[...address].join('.')}:${port}`;
    case 3:
      return `${address.subarray(1).toString()}:${port}`;
    default:
      return `[${address.toString('hex').match(/.{4}/g)?.join(':')}]:${port}`;
  }
}

function joinTo(
  client: Duplex,
  [host, port]: [string, number],
  onConnected: () => void,
  head?: Buffer,
): void {
  const upstream = connect(port, host, () => {
    onConnected();
    if (head) upstream.write(head);
    upstream.pipe(client).pipe(upstream);
  });
  upstream.on('error', () => client.destroy()).once('close', () => client.destroy());
  client.on('error', () => upstream.destroy()).once('close', () => upstream.destroy());
}
