import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import WebSocket from 'ws';
import { agentPaths } from '../../../session-api/agent-paths.ts';
import { Failure } from '../../../failure/failure.ts';
import { agentContainer } from '../../agent-pods/agent-spec.ts';
import type { ApiConnection } from '../../api/api-connection.ts';
import { ApiError } from '../../api/api-error.ts';
import { describeErrorAnswer } from '../../api/error-answer.ts';
import { pods } from '../../api/resources.ts';
import { explainConnectionError } from '../../api/transport/connection-error.ts';

/** The first can close one direction alone: https://kep.k8s.io/4006. */
const subprotocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const subprotocolHeader = 'sec-websocket-protocol';
const handshakeTimeoutMs = 30_000;
const websocketAdvice = 'A proxy in front of the API server may not support websockets.';
const subprotocolAdvice =
  'A proxy in front of the API server has to pass on the header Sec-WebSocket-Protocol, both ways.';

/**
 * Where an exec could be opened only without a subprotocol. The next one begins without: an attempt in vain starts a
 * relay in vain.
 */
const withoutSubprotocol = new WeakSet<ApiConnection>();

/** The exec of a relay in an agent's pod. */
export interface RelayExec {
  namespace: string;
  pod: string;
  /** Is in the audit log of the API server. */
  tunnelID: string;
}

/** What becomes of a websocket that is being opened. One of both is called, and nothing after it. */
export interface ExecOutcome {
  /** Messages come from the next turn on. */
  onOpen: (socket: WebSocket) => void;
  /** With ApiError, or Failure `foreignAnswer`, `connection`, `timeout`, `tunnelFailed`. */
  onFailed: (error: Error) => void;
}

/**
 * The websocket of an exec, while it is being opened. Where a proxy drops the header that names the subprotocol, it is
 * opened without one: for such a client, the runtime's exec handler speaks its oldest protocol. The channels are the
 * same, but none of them can be closed alone, and in place of a status comes the text of an error, or nothing:
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/kubelet/pkg/cri/streaming/remotecommand/websocket.go
 */
export class ExecOpening {
  readonly #connection: ApiConnection;
  readonly #url: URL;
  readonly #exec: RelayExec;
  readonly #outcome: ExecOutcome;
  #socket: WebSocket;
  #isOver = false;

  constructor(connection: ApiConnection, exec: RelayExec, outcome: ExecOutcome) {
    this.#connection = connection;
    this.#url = buildURL(connection, exec);
    this.#exec = exec;
    this.#outcome = outcome;
    this.#socket = this.#connect(withoutSubprotocol.has(connection) ? [] : subprotocols, null);
  }

  /** Gives the attempt up. */
  abandon(): void {
    this.#isOver = true;
    this.#socket.terminate();
  }

  /** @param dropped what the attempt before this one failed with: the subprotocol was dropped; null for the first. */
  #connect(protocols: string[], dropped: Failure | null): WebSocket {
    const socket = this.#createSocket(protocols);
    let isDropped = false;
    socket.once('upgrade', ({ headers }: IncomingMessage) => {
      // Kubernetes answers a client that names none with an empty name, which ws refuses as not asked for.
      if (headers[subprotocolHeader] === '') delete headers[subprotocolHeader];
      isDropped = protocols.length > 0 && !protocols.includes(headers[subprotocolHeader] ?? '');
    });
    const fail = (error: Error) => {
      // Only the API server's own answer tells more than what was found out before.
      const isTold = error instanceof ApiError && error.reason !== '';
      this.#settle(() => this.#outcome.onFailed(isTold ? error : (dropped ?? error)));
    };
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      refuse(response, this.#exec, this.#connection.server.host).then(
        (error) => {
          // The handler's answer to names that it does not know: they may not be those that were sent.
          if (error.code === 'tunnelFailed' && protocols.length > 0) this.#goOnWithout(error);
          else fail(error);
        },
        (error: unknown) => fail(error instanceof Error ? error : new Error(String(error))),
      );
    });
    const onError = (error: Error) => {
      if (isDropped) this.#goOnWithout(describeUnopened(error, this.#connection, subprotocolAdvice));
      else fail(describeUnopened(error, this.#connection, websocketAdvice));
    };
    socket.on('error', onError);
    socket.once('open', () => {
      socket.off('error', onError);
      if (dropped !== null) withoutSubprotocol.add(this.#connection);
      this.#settle(() => this.#outcome.onOpen(socket));
    });
    return socket;
  }

  #goOnWithout(dropped: Failure): void {
    if (this.#isOver) return;
    this.#connection.trace?.tellRetry('GET', `${dropped.message}; no subprotocol is asked for now`, 0);
    this.#socket = this.#connect([], dropped);
  }

  #settle(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    tell();
  }

  #createSocket(protocols: string[]): WebSocket {
    const { credentials, server, requestTimeoutMs, trace } = this.#connection;
    const url = this.#url;
    const socket = new WebSocket(url, protocols, {
      ...credentials.options,
      // The TLS options alone choose HTTP/1.1, which the upgrade needs. What passes is compressed by the session API.
      perMessageDeflate: false,
      // Masks keep scripts in browsers from choosing the bytes that intermediaries see in the clear (RFC 6455 10.3).
      // Inside TLS nothing is seen in the clear, and masking costs more than encrypting; ws skips a mask of 0.
      ...(server.protocol === 'https:' && { generateMask: (mask: Buffer) => mask.fill(0) }),
      handshakeTimeout: requestTimeoutMs ?? handshakeTimeoutMs,
      skipUTF8Validation: true,
      maxPayload: 32 * 1024 * 1024,
      followRedirects: false,
      finishRequest: (request) => {
        trace?.tellRequest('GET', url, request.getHeaders(), null);
        request.end();
      },
    });
    const startedAt = performance.now();
    const tell = ({ statusCode }: IncomingMessage) =>
      trace?.tellAnswer('GET', url, statusCode, Math.round(performance.now() - startedAt));
    socket.once('upgrade', tell);
    socket.once('unexpected-response', (_request, response) => tell(response));
    return socket;
  }
}

/** Whether the end of one direction can be told. */
export function canHalfClose({ protocol }: WebSocket): boolean {
  return protocol === subprotocols[0];
}

/** Whether an exec ends with a status, which says that it has ended well, too. */
export function hasStatus({ protocol }: WebSocket): boolean {
  return protocol !== '';
}

function buildURL({ server }: ApiConnection, { namespace, pod, tunnelID }: RelayExec): URL {
  const url = new URL(pods.exec(namespace, pod).path, server);
  url.protocol = server.protocol === 'http:' ? 'ws:' : 'wss:';
  // Terminals are the agent's, so the exec has none. Its command has nothing of the user's: it is written to logs.
  for (const [name, value] of [
    ['container', agentContainer],
    ['command', agentPaths.relay],
    ['command', tunnelID],
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
function describeUnopened(
  error: Error,
  { server, via, requestTimeoutMs }: ApiConnection,
  advice: string,
): Failure {
  if (error instanceof Failure) return error;
  const seconds = (requestTimeoutMs ?? handshakeTimeoutMs) / 1000;
  const cause = { cause: error };
  // https://github.com/websockets/ws/blob/master/lib/websocket.js: this error has no code.
  return /handshake has timed out/.test(error.message)
    ? new Failure(
        'timeout',
        `the API server ${server.host} did not open the websocket to the agent within ${seconds} s`,
        advice,
        cause,
      )
    : new Failure(
        'connection',
        `the websocket to the agent can't be opened at ${server.host}${via}: ${explainConnectionError(error, 'certificate-authority')}`,
        advice,
        cause,
      );
}

async function refuse(
  response: IncomingMessage,
  { namespace, pod }: RelayExec,
  host: string,
): Promise<Failure> {
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
    ...{ response, body, host, access: pods.exec(namespace, pod).access },
    purpose: { complaint, hint: websocketAdvice },
  });
}
