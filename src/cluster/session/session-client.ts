import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { watchLiveness } from '../../session-api/connection/connection-liveness.ts';
import { livenessLimits } from '../../session-api/connection/liveness-limits.ts';
import { type NodeReport, nodeReportSchema } from '../../session-api/node-report.ts';
import { parseProblem, ProblemError } from '../../session-api/problem.ts';
import { formatProtocolRange, protocolHeader } from '../../session-api/protocol/protocol-match.ts';
import {
  type AgentInfo,
  agentInfoSchema,
  protocolRange,
} from '../../session-api/protocol/protocol-version.ts';
import { type SessionState, sessionStateSchema } from '../../session-api/session-end.ts';
import {
  buildPath,
  type detachRequestSchema,
  type holdRequestSchema,
  type OutputStreamName,
  retirementSchema,
  type Route,
  sessionRoutes,
  type signalRequestSchema,
  type TargetProcess,
  targetProcessesSchema,
} from '../../session-api/session-routes.ts';
import type { SessionSpec, TerminalSize } from '../../session-api/session-spec.ts';
import { initialWindowBytes, WindowEstimator } from '../../session-api/connection/window-estimator.ts';
import { getAbortReason } from '../../failure/abort-reason.ts';
import { getErrorMessage } from '../../failure/error-message.ts';
import { Failure } from '../../failure/failure.ts';
import { parseAnswer, readStatus } from './agent-answer.ts';
import type { OutputConnection } from './streams/output-reader.ts';

/** Node ends a session that buffers more; its default (10 MB) is below our largest windows. */
const maxSessionMemoryMB = 64;
/** For the first byte of an agent that has been running for a while. */
const connectLimitMs = 30_000;
/** A terminal's output that is on its way delays the answer to a key: at 1 MB/s by an eighth of a second. */
const terminalWindowBytes = 128 * 1024;
/** 80 MB/s at a round trip of 50 ms. */
const maxWindowBytes = 4 * 1024 * 1024;

/** What a connection is tuned for: data at the highest rate, or the shortest answer to a key press. */
export type ConnectionMode = 'bulk' | 'interactive';

/** A byte stream to an agent. */
export interface AgentStream extends Duplex {
  /** Bytes that came from the agent, not those of a proxy on the way. */
  readonly receivedBytes: number;
  /** Bytes that came from the relay: the agent does not listen yet. */
  readonly relayBytes: number;
  /** Destroys the stream with Failure `connectionLost`. */
  abandon(why: string): void;
}

/** What a request has besides its route. */
interface SessionRequestParts {
  /** The session's ID. */
  id?: string;
  query?: Record<string, string | number | null>;
  headers?: OutgoingHttpHeaders;
}

/** One connection to an agent's session API. Requests may be sent at once: the agent puts them in order. */
export class SessionClient {
  readonly #session: ClientHttp2Session;
  readonly #estimator: WindowEstimator | null;
  /** Resolves when the agent listens; never, when the connection ends before. */
  readonly #connected: Promise<void>;
  /** Why the connection ended; null while it stands. */
  #lost: Error | null = null;

  /**
   * @param tunnel the connection; the client ends with the tunnel.
   * @param mode what the connection is tuned for.
   * @param limitMs how long the agent may take to listen: the tunnel is destroyed with Failure `timeout` then.
   */
  constructor(tunnel: AgentStream, mode: ConnectionMode, limitMs = connectLimitMs) {
    const bulk = mode === 'bulk';
    const windowBytes = bulk ? initialWindowBytes : terminalWindowBytes;
    this.#session = connect('http://agent', {
      createConnection: () => tunnel,
      maxSessionMemory: maxSessionMemoryMB,
      settings: { initialWindowSize: windowBytes, enablePush: false },
    });
    this.#estimator = bulk ? new WindowEstimator(this.#session, maxWindowBytes) : null;
    this.#session.once('connect', () => {
      // This event comes even if the session was closed in the meantime.
      if (!this.#session.destroyed) this.#session.setLocalWindowSize(windowBytes * 2);
    });
    tunnel.once('error', (error) => (this.#lost ??= error));
    this.#connected = new Promise((resolve) => this.#session.once('remoteSettings', () => resolve()));
    const timer = setTimeout(() => tunnel.destroy(describeSilence(limitMs)), limitMs).unref();
    void this.#connected.then(() => clearTimeout(timer));
    this.#session.once('close', () => clearTimeout(timer));
    watchLiveness(this.#session, {
      countReceived: () => tunnel.receivedBytes + tunnel.relayBytes,
      end: (silentMs) => tunnel.abandon(`nothing was received for ${silentMs / 1000} s`),
    });
    this.#session.on('error', (error: Error) => (this.#lost ??= error));
  }

  /**
   * Starts a session. Sent again with the same ID it starts nothing.
   * @throws ProblemError when the agent refuses; and what every request of this class throws: Failure `timeout`,
   *   `connectionLost`, `agentFailed` for an answer that can't be read; what destroyed the tunnel (Failure `tunnelFailed`,
   *   ApiError); the signal's reason.
   */
  async startSession(id: string, spec: SessionSpec, signal: AbortSignal): Promise<SessionState> {
    const waitMs = (spec.catch?.waitSeconds ?? 0) * 1000;
    const body = await this.#exchange(sessionRoutes.startSession, { id, body: spec, waitMs }, signal);
    return parseAnswer(sessionStateSchema, body);
  }

  /** @throws ProblemError `notFound`. */
  async getSession(id: string, signal: AbortSignal): Promise<SessionState> {
    const body = await this.#exchange(sessionRoutes.getSession, { id }, signal);
    return parseAnswer(sessionStateSchema, body);
  }

  async describeAgent(signal: AbortSignal): Promise<AgentInfo> {
    return parseAnswer(agentInfoSchema, await this.#exchange(sessionRoutes.describeAgent, {}, signal));
  }

  /** @throws ProblemError `notFound` by an agent that is too old to know this request. */
  async getNodeReport(signal: AbortSignal): Promise<NodeReport> {
    return parseAnswer(nodeReportSchema, await this.#exchange(sessionRoutes.reportNode, {}, signal));
  }

  /**
   * Lists what runs in a container.
   * @param container its ID, with its scheme.
   * @throws ProblemError `containerNotFound`, `targetNotRunning`; `notFound` by an agent that is too old to know this
   *   request.
   */
  async listProcesses(container: string, signal: AbortSignal): Promise<TargetProcess[]> {
    const body = await this.#exchange(sessionRoutes.listProcesses, { query: { container } }, signal);
    return parseAnswer(targetProcessesSchema, body);
  }

  /**
   * Has the agent exit unless it is in use.
   * @returns whether the agent exits.
   * @throws ProblemError `notFound` by an agent that is too old to know this request.
   */
  async retire(signal: AbortSignal): Promise<boolean> {
    const body = await this.#exchange(sessionRoutes.retireAgent, {}, signal);
    return parseAnswer(retirementSchema, body).isRetired;
  }

  /** @returns all sessions of the agent; those that ended and are still kept, too. */
  async listSessions(signal: AbortSignal): Promise<SessionState[]> {
    const body = await this.#exchange(sessionRoutes.listSessions, {}, signal);
    return parseAnswer(z.array(sessionStateSchema), body);
  }

  /** Comes back to a session, or takes it over. @throws ProblemError `notFound`, `takenOver`. */
  async holdSession(
    id: string,
    request: z.infer<typeof holdRequestSchema>,
    signal: AbortSignal,
  ): Promise<SessionState> {
    const body = await this.#exchange(sessionRoutes.holdSession, { id, body: request }, signal);
    return parseAnswer(sessionStateSchema, body);
  }

  /** Leaves a session running. @throws ProblemError `takenOver`. */
  async detachSession(
    id: string,
    request: z.infer<typeof detachRequestSchema>,
    signal: AbortSignal,
  ): Promise<SessionState> {
    const body = await this.#exchange(sessionRoutes.detachSession, { id, body: request }, signal);
    return parseAnswer(sessionStateSchema, body);
  }

  /**
   * @param from offset of the first byte that will be written; null: after all that the agent has received.
   * @returns the request's stream. What is written to it is stdin, and its end closes the command's stdin. What is read
   *   from it is the agent's progress.
   */
  openStdin(id: string, client: string, from: number | null): ClientHttp2Stream {
    return this.#open(sessionRoutes.sendStdin, { id, query: { client, from } }, false);
  }

  /**
   * Asks for an output.
   * @param client the ID of the client that holds the session; null: only to watch.
   * @param from offset to begin at; null: the agent chooses.
   * @param compress whether the agent may compress the output.
   */
  openOutput(
    id: string,
    name: OutputStreamName,
    { client, from, compress }: { client: string | null; from: number | null; compress: boolean },
  ): OutputConnection {
    const route = name === 'stdout' ? sessionRoutes.readStdout : sessionRoutes.readStderr;
    const headers = compress ? { 'accept-encoding': 'zstd' } : {};
    const stream = this.#open(route, { id, query: { client, from }, headers }, true);
    return {
      stream,
      onReceived: (bytes) => this.#estimator?.received(bytes),
      explainCut: () => this.#lost,
    };
  }

  /**
   * Says that the bytes before these offsets will not be asked for again.
   * @throws ProblemError `notFound`, `takenOver`.
   */
  async acknowledge(
    id: string,
    client: string,
    offsets: Partial<Record<OutputStreamName, number>>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#exchange(sessionRoutes.acknowledgeOutput, { id, query: { client }, body: offsets }, signal);
  }

  /** @throws ProblemError `notFound`, `conflict` when the session has no terminal. */
  async resize(id: string, size: TerminalSize, signal: AbortSignal): Promise<void> {
    await this.#exchange(sessionRoutes.resizeTerminal, { id, body: size }, signal);
  }

  /** Sends a signal to the command. @throws ProblemError `notFound`. */
  async signal(
    id: string,
    name: z.infer<typeof signalRequestSchema>['signal'],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#exchange(sessionRoutes.sendSignal, { id, body: { signal: name } }, signal);
  }

  /**
   * Ends everything that runs in a session.
   * @param by who does: the ID of the client that holds the session, or the user's name; null when it is not known.
   * @returns the session: its end says which processes could not be ended.
   * @throws ProblemError `notFound`.
   */
  async deleteSession(
    id: string,
    by: { client: string } | { user: string | null },
    signal: AbortSignal,
  ): Promise<SessionState> {
    const body = await this.#exchange(sessionRoutes.deleteSession, { id, query: by }, signal);
    return parseAnswer(sessionStateSchema, body);
  }

  /** Whether another request can be sent. */
  get isOpen(): boolean {
    return this.#lost === null && !this.#session.closed && !this.#session.destroyed;
  }

  /** Ends the connection, and with it the tunnel. */
  close(): void {
    this.#session.destroy();
  }

  async #exchange(
    route: Route,
    { body, waitMs = 0, ...request }: SessionRequestParts & { body?: unknown; waitMs?: number },
    signal: AbortSignal,
  ): Promise<string> {
    const limitMs = waitMs + livenessLimits.answerMs;
    // An agent that does not listen yet has not got the request.
    const limit = new AbortController();
    let timer: NodeJS.Timeout | null = null;
    let isAnswered = false;
    void this.#connected.then(() => {
      if (!isAnswered) timer = setTimeout(() => limit.abort(), limitMs).unref();
    });
    const headers = { 'content-type': 'application/json' };
    const either = AbortSignal.any([signal, limit.signal]);
    const stream = this.#open(route, { ...request, headers }, body === undefined, either);
    if (body !== undefined) stream.end(JSON.stringify(body));
    let isWhole = false;
    // A stream that is destroyed along with its connection emits 'end', too, but after it is destroyed.
    stream.once('end', () => (isWhole = !stream.destroyed));
    try {
      const status = readStatus(stream);
      const [answer, code] = await Promise.all([text(stream), status]);
      if (!isWhole) throw new Error('the answer was cut');
      if (code >= 400) throw parseProblem(answer, code);
      return answer;
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      if (signal.aborted) throw getAbortReason(signal, 'the agent');
      if (this.#lost) throw this.#lost;
      if (limit.signal.aborted)
        throw new Failure('timeout', `the agent did not answer within ${limitMs / 1000} s`);
      throw new Failure(
        'connectionLost',
        `the request to the agent failed: ${getErrorMessage(error)}`,
        null,
        { cause: error },
      );
    } finally {
      isAnswered = true;
      if (timer !== null) clearTimeout(timer);
    }
  }

  #open(
    route: Route,
    { id, query, headers }: SessionRequestParts,
    endStream: boolean,
    signal?: AbortSignal,
  ): ClientHttp2Stream {
    if (this.#lost) throw this.#lost;
    if (this.#session.closed || this.#session.destroyed)
      throw new Failure('connectionLost', 'the connection to the agent is closed');
    const all = {
      ...headers,
      ':method': route.method,
      ':path': buildPath(route, id, query),
      [protocolHeader]: formatProtocolRange(protocolRange),
    };
    return this.#session.request(all, { endStream, ...(signal ? { signal } : {}) });
  }
}

function describeSilence(limitMs: number): Failure {
  return new Failure(
    'timeout',
    `the agent runs, but does not listen yet after ${limitMs / 1000} s`,
    'The node may be very busy. Where an agent is started, --timeout gives it more time.',
  );
}
