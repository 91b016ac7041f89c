import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { type AddressInfo, type Socket } from 'node:net';
import { copyHeaders, readAPIServer } from './real-api-server.ts';

/** An answer that says nothing of its own end may take so long until it is cut. */
const silentCutMs = 300;

/** What may be done to a request, or to an upgrade, in place of answering it. */
export const requestFaults = [
  /** The connection is reset before the request is passed on. */
  'reset',
  /** The request is carried out, and the connection is reset before the answer. */
  'answer lost',
  /** The answer is cut after half of its first piece, that of a watch after the piece. */
  'answer cut',
  /** With Retry-After. */
  '429',
  /** With Retry-After. */
  '503',
  /** A gateway's page, without Retry-After. */
  '502',
] as const;
export type RequestFault = (typeof requestFaults)[number];

/** What is answered in place of the API server. */
export interface PlacedAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** A request to the API server that comes by. */
export interface PassingRequest {
  method: string;
  path: string;
  isUpgrade: boolean;
  headers: IncomingHttpHeaders;
}

/** What a server does to all requests, until it is given another behaviour. */
export interface ServerBehaviour {
  /** @returns null to pass the request on; `silence` never answers. */
  answer?: (request: PassingRequest) => PlacedAnswer | 'silence' | null;
  /** @returns null to pass the request on. */
  spoil?: (request: PassingRequest) => RequestFault | null;
  /** Headers that a proxy which knows no websockets leaves out of upgrades, and of the answers to them. */
  drop?: { ofRequest?: string[]; ofAnswer?: string[] };
}

/** An API server that is the real one, but for one request, or for what its behaviour says. */
export interface RequestFaultServer {
  flags: string[];
  behaviour: ServerBehaviour;
  /** Spoils the request with an ordinal, from 1 on, as counted from now on. */
  spoil(ordinal: number, fault: RequestFault): void;
  /** @returns the request that was spoilt; null when there were fewer. */
  getSpoilt(): string | null;
  /** TCP connections that clients have made since the last call. */
  takeConnections(): number;
  /** Resets every connection. */
  cut(): void;
  close(): void;
}

export async function startRequestFaultServer(): Promise<RequestFaultServer> {
  const { url, options } = await readAPIServer();
  const sockets = new Set<Socket>();
  let connections = 0;
  let count = 0;
  let chosen: { ordinal: number; fault: RequestFault } | null = null;
  let spoilt: string | null = null;
  const placeAnswer = ({ method = '', url: path = '', headers }: IncomingMessage, isUpgrade: boolean) =>
    faulty.behaviour.answer?.({ method, path, isUpgrade, headers }) ?? null;
  const choose = ({ method = '', url: path = '', headers }: IncomingMessage, isUpgrade: boolean) => {
    count++;
    if (chosen?.ordinal !== count)
      return faulty.behaviour.spoil?.({ method, path, isUpgrade, headers }) ?? null;
    spoilt = `${count}: ${method} ${path}`;
    return chosen.fault;
  };
  const server = createServer((incoming, answer) => {
    const fault = choose(incoming, false);
    if (fault === 'reset') return void incoming.socket.resetAndDestroy();
    const refusal = fault === null ? placeAnswer(incoming, false) : describeRefusal(fault);
    if (refusal === 'silence') return;
    if (refusal !== null) {
      incoming.resume();
      return void answer.writeHead(refusal.status, refusal.headers).end(refusal.body);
    }
    const target = new URL(incoming.url ?? '', url);
    const settings: RequestOptions = { ...options, agent: false, method: incoming.method };
    const outgoing = request(target, { ...settings, headers: copyHeaders(incoming) }, (response) =>
      passOn(response, answer, fault),
    );
    outgoing.on('error', () => answer.destroy());
    // A watch would go on for ever.
    answer.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (incoming, socket: Socket, head) => {
    const fault = choose(incoming, true);
    if (fault === 'reset') return void socket.resetAndDestroy();
    const refusal = fault === null ? placeAnswer(incoming, true) : describeRefusal(fault);
    if (refusal === 'silence') return;
    if (refusal !== null) return void socket.end(formatAnswer(refusal));
    passUpgradeOn(incoming, socket, head, { url, options }, { fault, drop: faulty.behaviour.drop });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const faulty: RequestFaultServer = {
    behaviour: {},
    flags: ['--server', `http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    spoil: (ordinal, fault) => {
      count = 0;
      spoilt = null;
      chosen = { ordinal, fault };
    },
    getSpoilt: () => spoilt,
    takeConnections: () => {
      const taken = connections;
      connections = 0;
      return taken;
    },
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return faulty;
}

/** @returns null for a fault that is not an answer. */
function describeRefusal(fault: RequestFault): PlacedAnswer | null {
  switch (fault) {
    case '429':
      return {
        status: 429,
        headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Retry-After': '1' },
        body: 'Too many requests, please try again later.\n',
      };
    case '503': {
      const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 503, message: 'later' };
      return {
        status: 503,
        headers: { 'Content-Type': 'application/json', 'Retry-After': '1' },
        body: JSON.stringify(body),
      };
    }
    case '502':
      return {
        status: 502,
        headers: { 'Content-Type': 'text/html' },
        body: '<html><title>502 Bad Gateway</title></html>',
      };
    default:
      return null;
  }
}

function formatAnswer({ status, headers, body }: PlacedAnswer): string {
  const all = { ...headers, 'Content-Length': body.length, Connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Spoilt\r\n${lines.join('')}\r\n${body}`;
}

function passOn(response: IncomingMessage, answer: ServerResponse, fault: RequestFault | null): void {
  if (fault === 'answer lost') return void answer.socket?.resetAndDestroy();
  answer.writeHead(response.statusCode ?? 500, response.headers);
  if (fault !== 'answer cut') return void response.pipe(answer);
  // A watch has no length, and its event is whole.
  const isWatch = response.headers['content-length'] === undefined;
  const cut = () => answer.socket?.resetAndDestroy();
  const timer = setTimeout(cut, silentCutMs);
  answer.flushHeaders();
  response.once('data', (chunk: Buffer) => {
    clearTimeout(timer);
    answer.write(isWatch ? chunk : chunk.subarray(0, chunk.length / 2), () => setTimeout(cut, 20));
  });
}

/** Passes the bytes of an upgrade on, so that both ends speak with each other as they would without this server. */
function passUpgradeOn(
  incoming: IncomingMessage,
  socket: Socket,
  head: Buffer,
  { url, options }: { url: URL; options: RequestOptions },
  { fault, drop }: { fault: RequestFault | null; drop: ServerBehaviour['drop'] },
): void {
  const headers = Object.entries(copyHeaders(incoming)).filter(([name]) => !drop?.ofRequest?.includes(name));
  const outgoing = request(new URL(incoming.url ?? '', url), {
    ...{ ...options, agent: false, method: incoming.method, headers: Object.fromEntries(headers) },
  });
  outgoing.on('error', () => socket.destroy());
  outgoing.once('response', (response) => {
    socket.write(formatHead(response));
    response.pipe(socket);
  });
  outgoing.once('upgrade', (response, upstream, first) => {
    upstream.on('error', () => undefined);
    const endBoth = () => {
      socket.destroy();
      upstream.destroy();
    };
    socket.once('close', endBoth);
    upstream.once('close', endBoth);
    if (fault === 'answer lost') return void socket.resetAndDestroy();
    socket.write(formatHead(response, drop?.ofAnswer));
    socket.write(first);
    if (head.length > 0) upstream.write(head);
    socket.pipe(upstream);
    upstream.pipe(socket);
    // The exec stands, and the agent's first word is the last that arrives.
    if (fault === 'answer cut') upstream.once('data', () => setTimeout(() => socket.resetAndDestroy(), 20));
  });
  outgoing.end();
}

function formatHead(response: IncomingMessage, without: string[] = []): string {
  const { statusCode, statusMessage, rawHeaders } = response;
  const lines = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && !without.includes(name.toLowerCase()) ? [`${name}: ${rawHeaders[index + 1]}\r\n`] : [],
  );
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('')}\r\n`;
}
