import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import WebSocket from 'ws';
import { agentPaths } from '../../session-api/agent-paths.ts';
import { agentContainer } from '../agent-pods/agent-spec.ts';
import type { RequestedAccess } from '../api/api-error.ts';
import { describeErrorAnswer } from '../api/error-answer.ts';
import { type ExecStatus, parseExecStatus } from './exec-status.ts';
import { Failure } from '../../failure/failure.ts';
import type { ApiConnection } from '../api/api-connection.ts';
import { pods } from '../api/resources.ts';
import { explainConnectionError } from '../api/transport/connection-error.ts';

const subprotocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;
const handshakeTimeoutMs = 30_000;
const websocketAdvice = 'A proxy in front of the API server may not support websockets.';
const maxMessageBytes = 256 * 1024;
const maxRelayMessageBytes = 8 * 1024;

/** The pod of an agent. */
export interface AgentAddress {
  namespace: string;
  pod: string;
}

/**
 * The tunnel to an agent: one exec websocket as a byte stream with back-pressure both ways. What is written before
 * the websocket is open waits. To destroy the tunnel is to end it. The tunnel destroys itself with
 * - ApiError when the API server refuses the exec, Failure `foreignAnswer` when something else answers,
 * - Failure `connection` or `timeout` when the websocket can't be opened,
 * - Failure `tunnelFailed` when the relay can't run or fails, `connectionLost` when the connection is cut.
 */
export class Tunnel extends Duplex {
  /** Is in the API server's audit log, and in the agent's. */
  readonly id = randomUUID();
  /** Bytes that came from the agent. */
  receivedBytes = 0;
  /** Bytes that the relay wrote of itself: it does so while it waits for the agent to listen. */
  relayBytes = 0;
  /** Whether anything was sent to the agent: before that, nothing of ours can run there, or will. */
  hasSent = false;
  readonly #socket: WebSocket;
  #relayMessage = '';
  #statusSeen = false;
  #isOpen = false;

  constructor(connection: ApiConnection, agent: AgentAddress) {
    super({ readableHighWaterMark: maxMessageBytes, writableHighWaterMark: maxMessageBytes });
    const url = buildURL(connection, agent, this.id);
    this.#socket = new WebSocket(url, subprotocols, {
      ...connection.credentials.options,
      // The TLS options alone choose HTTP/1.1, which the upgrade needs. What passes is compressed by the session API.
      perMessageDeflate: false,
      // Masks keep scripts in browsers from choosing the bytes that intermediaries see in the clear (RFC 6455 10.3).
      // Inside TLS nothing is seen in the clear, and masking costs more than encrypting; ws skips a mask of 0.
      ...(connection.server.protocol === 'https:' && { generateMask: (mask: Buffer) => mask.fill(0) }),
      handshakeTimeout: connection.requestTimeoutMs ?? handshakeTimeoutMs,
      skipUTF8Validation: true,
      maxPayload: 32 * 1024 * 1024,
      followRedirects: false,
      finishRequest: (request) => {
        connection.trace?.tellRequest('GET', url, request.getHeaders(), null);
        request.end();
      },
    });
    this.#traceAnswer(connection, url);
    this.#listen(agent, connection);
    // After the end the relay is gone, and nothing can be written either. HTTP/2 waits for 'close', not for 'end'.
    this.once('end', () => this.destroy());
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    this.#whenOpen(() => this.#send(chunk, callback));
  }

  override _writev(
    chunks: { chunk: Buffer; encoding: BufferEncoding }[],
    callback: (error?: Error | null) => void,
  ): void {
    const data = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this.#whenOpen(() => this.#send(data, callback));
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#whenOpen(() => {
      // v4 has no half-close.
      if (this.#socket.protocol !== subprotocols[0]) callback();
      else this.#socket.send(Buffer.from([channels.close, channels.stdin]), callback);
    });
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#socket.terminate();
    callback(error);
  }

  #whenOpen(action: () => void): void {
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.once('open', action);
    else action();
  }

  #traceAnswer({ trace }: ApiConnection, url: URL): void {
    const startedAt = performance.now();
    const tell = ({ statusCode }: IncomingMessage) =>
      trace?.tellAnswer('GET', url, statusCode, Math.round(performance.now() - startedAt));
    this.#socket.once('upgrade', tell);
    this.#socket.once('unexpected-response', (_request, response) => tell(response));
  }

  #listen({ namespace, pod }: AgentAddress, connection: ApiConnection): void {
    const socket = this.#socket;
    const { access } = pods.exec(namespace, pod);
    socket.on('message', (data: Buffer) => this.#receive(data));
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      refuse(response, access, connection.server.host).then(
        (error) => this.destroy(error),
        (error: unknown) => this.destroy(toError(error)),
      );
    });
    // Errors after destroy() are consequences of it, and are ignored.
    socket.once('open', () => (this.#isOpen = true));
    socket.on('error', (error) =>
      this.destroy(
        this.#isOpen ? this.#lost(error.message || String(error)) : describeUnopened(error, connection),
      ),
    );
    socket.once('close', (code) => {
      if (!this.#statusSeen) this.destroy(this.#lost(`closed with code ${code}, without a status`));
    });
  }

  #send(data: Buffer, callback: (error?: Error | null) => void): void {
    this.hasSent = true;
    for (let start = 0; start < data.length; start += maxMessageBytes) {
      const part = data.subarray(start, start + maxMessageBytes);
      const message = Buffer.allocUnsafe(part.length + 1);
      message[0] = channels.stdin;
      part.copy(message, 1);
      const last = start + maxMessageBytes >= data.length;
      // Each message is one frame: the API server does not join fragments.
      this.#socket.send(message, (error) => {
        if (error) callback(this.#lost(error.message));
        else if (last) callback();
      });
    }
  }

  #receive(message: Buffer): void {
    // Empty messages only say that the channel is open.
    if (message.length < 2) return;
    const payload = message.subarray(1);
    switch (message[0]) {
      case channels.stdout:
        this.receivedBytes += payload.length;
        if (!this.push(payload)) this.#socket.pause();
        return;
      case channels.stderr:
        this.relayBytes += payload.length;
        this.#relayMessage = (this.#relayMessage + payload.toString()).slice(-maxRelayMessageBytes);
        return;
      case channels.status:
        this.#statusSeen = true;
        this.#finish(payload.toString());
        return;
      case undefined:
      default: // Other channels carry nothing for us.
    }
  }

  /** The relay has ended. The status always comes last: everything that the relay wrote has arrived. */
  #finish(statusText: string): void {
    let status: ExecStatus;
    try {
      status = parseExecStatus(statusText);
    } catch (error) {
      this.destroy(toError(error));
      return;
    }
    if (status.exitCode === 0) this.push(null);
    else {
      const detail = [status.message, this.#relayMessage.trim()].filter((part) => part !== '').join('; ');
      this.destroy(new Failure('tunnelFailed', `the tunnel to the agent failed: ${detail}`));
    }
  }

  /** Destroys the tunnel with Failure `connectionLost`. */
  abandon(why: string): void {
    this.destroy(this.#lost(why));
  }

  #lost(why: string): Failure {
    const relay = this.#relayMessage.trim();
    return new Failure(
      'connectionLost',
      `the connection to the agent was lost: ${why}${relay === '' ? '' : `; ${relay}`}`,
      'Whether the command ended is not known.',
    );
  }
}

function buildURL({ server }: ApiConnection, { namespace, pod }: AgentAddress, id: string): URL {
  const url = new URL(pods.exec(namespace, pod).path, server);
  url.protocol = server.protocol === 'http:' ? 'ws:' : 'wss:';
  // Terminals are the agent's, so the exec has none. Its command has nothing of the user's: it is written to logs.
  for (const [name, value] of [
    ['container', agentContainer],
    ['command', agentPaths.relay],
    ['command', id],
    ['stdin', 'true'],
    ['stdout', 'true'],
    ['stderr', 'true'],
    ['tty', 'false'],
  ] as const) {
    url.searchParams.append(name, value);
  }
  return url;
}

/** The agent has not been asked for anything yet, whatever went wrong. */
function describeUnopened(error: Error, { server, via, requestTimeoutMs }: ApiConnection): Failure {
  if (error instanceof Failure) return error;
  const seconds = (requestTimeoutMs ?? handshakeTimeoutMs) / 1000;
  const cause = { cause: error };
  // https://github.com/websockets/ws/blob/master/lib/websocket.js: this error has no code.
  return /handshake has timed out/.test(error.message)
    ? new Failure(
        'timeout',
        `the API server ${server.host} did not open the websocket to the agent within ${seconds} s`,
        websocketAdvice,
        cause,
      )
    : new Failure(
        'connection',
        `the websocket to the agent can't be opened at ${server.host}${via}: ${explainConnectionError(error, 'certificate-authority')}`,
        websocketAdvice,
        cause,
      );
}

async function refuse(response: IncomingMessage, access: RequestedAccess, host: string): Promise<Failure> {
  response.setTimeout(handshakeTimeoutMs, () => response.destroy());
  const body = await text(response);
  if (response.statusCode === 403 && body.trim() === '') {
    return new Failure(
      'tunnelFailed',
      `the API server does not support the exec protocols ${subprotocols.join(', ')}`,
      websocketAdvice,
    );
  }
  const complaint = `the websocket to the agent can't be opened at ${host}`;
  return describeErrorAnswer({
    ...{ response, body, host, access },
    purpose: { complaint, hint: websocketAdvice },
  });
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
