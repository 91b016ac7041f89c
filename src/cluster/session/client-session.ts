import type { Readable, Writable } from 'node:stream';
import type { Failure } from '../../failure/failure.ts';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionEnd } from '../../session-api/session-end.ts';
import type { OutputStreamName, signalRequestSchema } from '../../session-api/session-routes.ts';
import type { SessionSpec, SessionTarget, TerminalSize } from '../../session-api/session-spec.ts';
import type { StreamTrailers } from '../../session-api/stream-trailers.ts';
import type { ApiClient } from '../api/api-client.ts';
import type * as z from 'zod';
import type { AgentConnection } from './agent-connection.ts';
import { askAgent } from './ask-agent.ts';
import { type ClockOffset, measureClock } from './clock/clock-offset.ts';
import { OutputAcknowledger } from './streams/output-acknowledger.ts';
import { OutputReader } from './streams/output-reader.ts';
import { type ClientAudit, type JoinedSession, reconnect } from './reconnection.ts';
import { RenewableConnection } from './renewable-connection.ts';
import { StdinSender } from './streams/stdin-sender.ts';

const requestLimitMs = 5000;
/** A connection may be lost without a word; the rest of the time is for another one. */
const firstDeleteLimitMs = 1500;

/** Where the output of a session goes, and who is told what becomes of the connection. */
export interface SessionSinks {
  stdout: Writable;
  /** null with a terminal: its only output is stdout. */
  stderr: Writable | null;
  /** Whether the output may be compressed on its way. */
  compress: boolean;
  /** Called before the first byte of an output is passed on: output may come before the answer to the start. */
  onBegin?: () => void;
  /** Called when the connection is lost and another one is tried. */
  onLost: (cause: Failure) => void;
  /** Called when the session goes on over another connection. */
  onRestored: () => void;
  /** Called with the number of bytes that a terminal printed while no client was connected, and that are lost. */
  onGap: (missingBytes: number) => void;
}

/** How a session and its client parted. */
export type SessionOutcome = { kind: 'ended'; end: SessionEnd } | { kind: 'detached' };

/** A session's body, but for what the client's connection adds to it. */
export type SessionRequest = Omit<SessionSpec, 'audit'> & { audit: ClientAudit };

/**
 * A session as its client has it: over one connection after the other, until the session ends or the client leaves
 * it. Every failure of a connection is first answered by another connection.
 */
export class ClientSession {
  readonly #api: ApiClient;
  readonly #joined: JoinedSession;
  readonly #connection: RenewableConnection;
  readonly #outcome = Promise.withResolvers<SessionOutcome>();
  #started: Promise<unknown> = Promise.resolve();
  #sinks: SessionSinks | null = null;
  #acknowledger: OutputAcknowledger | null = null;
  #stdin: StdinSender | null = null;
  #isLeft = false;
  #warnings: string[] = [];
  #target: SessionTarget | null = null;

  /** @param signal ends the attempts to reconnect. */
  constructor(api: ApiClient, connection: AgentConnection, joined: JoinedSession, signal: AbortSignal) {
    this.#api = api;
    this.#joined = joined;
    this.#outcome.promise.catch(() => undefined);
    this.#connection = new RenewableConnection(connection, {
      waitForStart: () => this.#started,
      reconnect: (cause) => reconnect(cause, api, joined, signal),
      onLost: (cause) => this.#sinks?.onLost(cause),
      onRestored: () => this.#sinks?.onRestored(),
    });
  }

  get id(): string {
    return this.#joined.id;
  }

  /** What the session that was started lacks of what was asked for, in sentences. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** What the agent has entered; null before the session has started. */
  get target(): SessionTarget | null {
    return this.#target;
  }

  /**
   * Settles when the session has ended, or was left. Rejects with the error of a sink; Failure `streamCut`,
   * `streamCorrupt`, `connectionLost`, `sessionLost`, `agentFailed`; ProblemError; ApiError.
   */
  get outcome(): Promise<SessionOutcome> {
    return this.#outcome.promise;
  }

  /**
   * Whether the session goes on without this client: because another client has taken it over, or because this one has
   * asked for that, even if the agent has not answered.
   */
  get isLeft(): boolean {
    return this.#isLeft;
  }

  /**
   * Asks the agent to start the session. Requests of the same turn go out together with this one.
   * @throws ProblemError when the agent refuses; what broke the connection otherwise; the signal's reason.
   */
  async start(spec: SessionRequest, signal: AbortSignal): Promise<void> {
    const { client, tunnelID } = this.#connection;
    const starting = client.startSession(this.id, { ...spec, audit: { ...spec.audit, tunnelID } }, signal);
    this.#started = starting;
    const { warnings, target } = await starting;
    this.#warnings = warnings;
    this.#target = target;
  }

  /**
   * Makes this client the holder of the session; the client that held it before is told.
   * @throws ProblemError `notFound`; what broke the connection; the signal's reason.
   */
  async takeOver(signal: AbortSignal): Promise<void> {
    const { holder, id } = this.#joined;
    if (holder === null) return;
    const { client, tunnelID } = this.#connection;
    const audit = { ...holder.audit, tunnelID };
    await client.holdSession(id, { client: holder.client, audit, takeOver: true }, signal);
  }

  /** Asks for the outputs and passes them on, until {@link outcome}. Called once. */
  read(sinks: SessionSinks): void {
    this.#sinks = sinks;
    const { holder, id, outputBufferBytes } = this.#joined;
    if (holder !== null) {
      this.#acknowledger = new OutputAcknowledger(outputBufferBytes, (offsets) =>
        this.#connection.client.acknowledge(id, holder.client, offsets, limitRequest()),
      );
    }
    const outputs = [this.#read('stdout', sinks.stdout, sinks)];
    if (sinks.stderr !== null) outputs.push(this.#read('stderr', sinks.stderr, sinks));
    Promise.all(outputs).then(
      ([trailers]) => this.#outcome.resolve({ kind: 'ended', end: (trailers as StreamTrailers).end }),
      (error: unknown) => {
        // The agent cuts the outputs before it answers that the session goes on without this client.
        if (this.#isLeft) return;
        this.#isLeft = error instanceof ProblemError && error.code === 'takenOver';
        this.#outcome.reject(error);
      },
    );
  }

  /**
   * Sends stdin until the source ends, or the command's stdin is closed. Does nothing for a client that only watches.
   * @throws Failure `stdinFailed` when the source can't be read on; what ended the last connection.
   */
  async sendStdin(source: Readable): Promise<void> {
    const { holder, id, isNew } = this.#joined;
    if (holder === null) return;
    const sender = new StdinSender(source, isNew ? 0 : null);
    this.#stdin = sender;
    for (let { client } = this.#connection; ;) {
      try {
        await sender.send(client.openStdin(id, holder.client, sender.offset));
        return;
      } catch (error) {
        client = await this.#connection.renew(client, error);
      }
    }
  }

  /** Sends a signal to the command. @throws ProblemError `notFound`; what broke the connection. */
  async signal(name: z.infer<typeof signalRequestSchema>['signal']): Promise<void> {
    await this.#connection.client.signal(this.id, name, limitRequest());
  }

  /**
   * Compares the clock of the session's node with this machine's.
   * @returns null: the agent is too old to tell it.
   * @throws what broke the connection.
   */
  async measureClock(): Promise<ClockOffset | null> {
    const limit = limitRequest();
    return await measureClock(async () => (await this.#connection.client.describeAgent(limit)).clockMs);
  }

  /** @throws ProblemError `notFound`, `conflict` without a terminal; what broke the connection. */
  async resize(size: TerminalSize): Promise<void> {
    await this.#connection.client.resize(this.id, size, limitRequest());
  }

  /**
   * Leaves the session running. Does nothing for a client that only watches.
   * @param keepSeconds how long the agent keeps the session without a client.
   * @throws ProblemError `takenOver`, `notFound`; what broke the connection.
   */
  async detach(keepSeconds: number): Promise<void> {
    const { holder, id } = this.#joined;
    if (holder === null) return;
    this.#isLeft = true;
    this.#connection.keepLast();
    try {
      await this.#connection.client.detachSession(id, { client: holder.client, keepSeconds }, limitRequest());
      this.#outcome.resolve({ kind: 'detached' });
    } catch (error) {
      this.#outcome.reject(error);
      throw error;
    }
  }

  /**
   * Ends the session and everything that runs in it, over another connection if the present one does not work.
   * @throws ProblemError `notFound`; what broke the connection; Failure `timeout`; the signal's reason.
   */
  async delete(signal: AbortSignal): Promise<void> {
    this.#stdin?.close();
    const { id, agent, holder } = this.#joined;
    const by = { client: holder?.client ?? '' };
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(firstDeleteLimitMs)]);
      await this.#connection.client.deleteSession(id, by, limit);
    } catch (error) {
      if (error instanceof ProblemError || signal.aborted) throw error;
      await askAgent(this.#api, agent, (client, limit) => client.deleteSession(id, by, limit), signal);
    }
  }

  /** Closes the connection. The session itself lasts as long as its lease. */
  close(): void {
    this.#stdin?.close();
    this.#acknowledger?.close();
    this.#connection.close();
  }

  async #read(name: OutputStreamName, sink: Writable, sinks: SessionSinks): Promise<StreamTrailers> {
    const { holder, id, isNew } = this.#joined;
    const { compress, onBegin, onGap } = sinks;
    const reader = new OutputReader(name, sink, isNew ? 0 : null, {
      onDelivered: (offset) => this.#acknowledger?.delivered(name, offset),
      ...{ onBegin, onGap },
    });
    for (let { client } = this.#connection; ;) {
      try {
        const request = { client: holder?.client ?? null, from: reader.offset, compress };
        return await reader.read(client.openOutput(id, name, request));
      } catch (error) {
        client = await this.#connection.renew(client, error);
      }
    }
  }
}

function limitRequest(): AbortSignal {
  return AbortSignal.timeout(requestLimitMs);
}
