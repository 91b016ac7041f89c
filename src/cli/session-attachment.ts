import { pipeline } from 'node:stream/promises';
import type { AgentSession } from '../cluster/agent-session.ts';
import { OutputAcknowledger } from '../cluster/output-acknowledger.ts';
import type { SessionEnd } from '../session/session-end.ts';
import type { OutputStreamName } from '../session/session-routes.ts';
import type { SessionSpec } from '../session/session-spec.ts';
import type { StreamTrailers } from '../session/stream-trailers.ts';
import { enterRawMode } from '../terminal/raw-mode.ts';
import { watchWindowSize } from '../terminal/window-size.ts';
import type { Context } from './context.ts';
import { OutputClosedError } from './errors.ts';

const requestLimitMs = 5000;

/** Joins a session with our own streams and terminal. */
export class SessionAttachment {
  readonly #session: AgentSession;
  readonly #spec: SessionSpec;
  readonly #context: Context;
  readonly #acknowledger: OutputAcknowledger;
  readonly #outputs: Promise<StreamTrailers[]>;
  readonly #ended = new AbortController();
  #undo: (() => void)[] = [];
  #interrupts = 0;

  /** Asks for the outputs at once, along with the request that starts the session; stdin has to wait. */
  constructor(session: AgentSession, spec: SessionSpec, context: Context) {
    this.#session = session;
    this.#spec = spec;
    this.#context = context;
    const { client, id } = session;
    this.#acknowledger = new OutputAcknowledger((offsets) =>
      client.acknowledge(id, offsets, AbortSignal.timeout(requestLimitMs)),
    );
    const names: OutputStreamName[] = spec.terminal === null ? ['stdout', 'stderr'] : ['stdout'];
    this.#outputs = Promise.all(names.map((name) => this.#read(name)));
    this.#outputs.catch(() => undefined);
  }

  /**
   * Passes everything on until the session ends.
   * @throws OutputClosedError, Failure `streamCut`, `connectionLost`.
   */
  async run(): Promise<SessionEnd> {
    const { stdin, stdout } = this.#context;
    if (this.#spec.terminal !== null) {
      this.#undo.push(
        enterRawMode(stdin),
        watchWindowSize(stdout, (size) => this.#resize(size)),
      );
    }
    if (this.#spec.stdin) this.#sendStdin();
    const [trailers] = await this.#outputs;
    return (trailers as StreamTrailers).end;
  }

  /** @returns whether the session has taken Ctrl-C; the second time it is for us. */
  passInterrupt(): boolean {
    if (this.#interrupts++ > 0) return false;
    const { client, id } = this.#session;
    client.signal(id, 'SIGINT', AbortSignal.timeout(requestLimitMs)).catch(() => undefined);
    return true;
  }

  /** Has the agent end the session. */
  async delete(signal: AbortSignal): Promise<void> {
    this.#restore();
    await this.#session.client.deleteSession(this.#session.id, signal);
  }

  close(): void {
    this.#restore();
    this.#acknowledger.close();
    this.#session.client.close();
    this.#session.tunnel.destroy();
  }

  #restore(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#ended.abort();
  }

  async #read(name: OutputStreamName): Promise<StreamTrailers> {
    const { client, id } = this.#session;
    try {
      return await client.readOutput(id, name, this.#context[name], (offset) =>
        this.#acknowledger.delivered(name, offset),
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') throw new OutputClosedError({ cause: error });
      throw error;
    }
  }

  #sendStdin(): void {
    const upload = this.#session.client.openStdin(this.#session.id, 0);
    // Its failures show in the outputs, or don't matter: the command need not read all of it.
    pipeline(this.#context.stdin, upload, { signal: this.#ended.signal }).catch(() => undefined);
  }

  #resize(size: { columns: number; rows: number }): void {
    const { client, id } = this.#session;
    client.resize(id, size, AbortSignal.timeout(requestLimitMs)).catch(() => undefined);
  }
}
