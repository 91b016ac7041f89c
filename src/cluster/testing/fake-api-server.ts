import { once } from 'node:events';
import { Agent, createServer, type ServerResponse } from 'node:http';
import { createServer as createAgent, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { ApiClient } from '../api/api-client.ts';
import type { ApiConnection } from '../api/api-connection.ts';
import { fixCredentials } from './fixed-credentials.ts';

const reasons: Record<number, string> = { 403: 'Forbidden', 404: 'NotFound', 409: 'AlreadyExists' };

/** An API server that a unit test plays. */
export interface PlayedApiServer {
  api: ApiClient;
  url: string;
  /** `METHOD path` of each request, as they came. */
  requests: string[];
  close: () => void;
}

/** Answers a request to the agent in a pod, `METHOD path`, over its stream. */
export type AgentPlayer = (pod: string, request: string, stream: ServerHttp2Stream) => unknown;

/**
 * Plays an API server on a port of this machine.
 * @param answer is given `METHOD path`. An object is answered as it is, a number as the status of a refusal; null:
 *   the answer has been, or will be, given to the response.
 * @param answerForAgent plays what execs reach.
 */
export async function playApiServer(
  answer: (request: string, response: ServerResponse) => object | number | null,
  answerForAgent: AgentPlayer = () => undefined,
): Promise<PlayedApiServer> {
  const requests: string[] = [];
  const server = createServer((incoming, response) => {
    incoming.resume();
    const { pathname } = new URL(incoming.url ?? '', 'http://server');
    const request = `${incoming.method} ${pathname}`;
    requests.push(request);
    const answered = answer(request, response);
    if (answered === null) return;
    const isRefused = typeof answered === 'number';
    response.statusCode = isRefused ? answered : 200;
    response.end(JSON.stringify(isRefused ? { kind: 'Status', reason: reasons[answered] ?? '' } : answered));
  });
  playExecs(new WebSocketServer({ server }), answerForAgent);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const connection: ApiConnection = {
    server: new URL(url),
    credentials: fixCredentials(new Agent()),
    ...{ via: '', context: null, namespace: 'default', requestTimeoutMs: null },
  };
  return {
    api: new ApiClient(connection),
    url,
    requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** @returns an ID's session as its agent tells it. */
export function describePlayedSession(id: string, isEnded = false, isEndAwaited = false): object {
  return {
    id,
    target: { kind: 'node', node: 'node-1' },
    command: null,
    state: isEnded ? 'ended' : 'running',
    startedAt: '2026-01-01T00:00:00Z',
    endedAt: isEnded ? '2026-01-01T00:00:01Z' : null,
    end: isEnded ? { reason: 'exited', exitCode: 0, message: null, warnings: [], leftProcesses: [] } : null,
    ...{ claimedUser: null, reason: null, holder: null, expiresAt: null, clients: 0 },
    isEndAwaited,
    ...{ hasTerminal: false, hasStdin: false, outputBufferBytes: 1024 * 1024 },
  };
}

/** Answers a request to an agent. */
export function answerJSON(stream: ServerHttp2Stream, value: unknown): void {
  stream.respond({ ':status': 200 });
  stream.end(JSON.stringify(value));
}

function playExecs(sockets: WebSocketServer, answer: AgentPlayer): void {
  const agent = createAgent();
  agent.on('sessionError', () => undefined);
  sockets.on('connection', (socket, request) => {
    const [, pod = ''] = /\/pods\/([^/]+)\/exec/.exec(request.url ?? '') ?? [];
    const relay = createRelay(socket);
    agent.once('session', (session) => {
      session.on('stream', (stream: ServerHttp2Stream, headers) => {
        stream.on('error', () => undefined).resume();
        answer(pod, `${headers[':method']} ${headers[':path']}`, stream);
      });
    });
    agent.emit('connection', relay);
  });
}

/** The agent's end of an exec: stdin is what it reads, stdout what it writes. */
function createRelay(socket: WebSocket): Duplex {
  const relay = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, callback) => {
      socket.send(Buffer.concat([Buffer.from([1]), chunk]), () => callback());
    },
    destroy: (error, callback) => {
      socket.terminate();
      callback(error);
    },
  });
  socket.on('message', (message: Buffer) => {
    if (message[0] === 0) relay.push(message.subarray(1));
  });
  for (const end of ['error', 'close']) socket.once(end, () => relay.destroy());
  return relay;
}
