import { randomUUID } from 'node:crypto';
import { Duplex } from 'node:stream';
import type WebSocket from 'ws';
import { Failure } from '../../failure/failure.ts';
import type { ApiConnection } from '../api/api-connection.ts';
import { type ExecStatus, parseExecStatus } from './exec/exec-status.ts';
import { canHalfClose, ExecOpening, hasStatus } from './exec/exec-websocket.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;
/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1: a connection that is cut has another code, or none. */
const normalClosure = 1000;
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
  readonly #opening: ExecOpening;
  /** null until it is open. */
  #socket: WebSocket | null = null;
  /** What waits for the websocket to be open: the next part is written after the one before it. */
  #waiting: ((socket: WebSocket) => void) | null = null;
  #relayMessage = '';
  #statusSeen = false;

  constructor(connection: ApiConnection, agent: AgentAddress) {
    super({ readableHighWaterMark: maxMessageBytes, writableHighWaterMark: maxMessageBytes });
    const exec = { ...agent, tunnelID: this.id };
    this.#opening = new ExecOpening(connection, exec, {
      onOpen: (socket) => this.#use(socket),
      onFailed: (error) => this.destroy(error),
    });
    // After the end the relay is gone, and nothing can be written either. HTTP/2 waits for 'close', not for 'end'.
    this.once('end', () => this.destroy());
  }

  override _read(): void {
    if (this.#socket?.isPaused) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    this.#whenOpen((socket) => this.#send(socket, chunk, callback));
  }

  override _writev(
    chunks: { chunk: Buffer; encoding: BufferEncoding }[],
    callback: (error?: Error | null) => void,
  ): void {
    const data = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this.#whenOpen((socket) => this.#send(socket, data, callback));
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#whenOpen((socket) => {
      if (canHalfClose(socket)) socket.send(Buffer.from([channels.close, channels.stdin]), callback);
      else callback();
    });
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#opening.abandon();
    this.#socket?.terminate();
    callback(error);
  }

  #whenOpen(action: (socket: WebSocket) => void): void {
    const socket = this.#socket;
    if (socket !== null) action(socket);
    else this.#waiting = action;
  }

  #use(socket: WebSocket): void {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#receive(socket, data));
    // Errors after destroy() are consequences of it, and are ignored.
    socket.on('error', (error) => this.destroy(this.#lost(error.message || String(error))));
    socket.once('close', (code) => {
      if (this.#statusSeen) return;
      // Without a status, the exec ends well when nothing is said, and the other end closes the websocket itself.
      if (!hasStatus(socket) && code === normalClosure) this.push(null);
      else this.destroy(this.#lost(`closed with code ${code}, without a status`));
    });
    this.#waiting?.(socket);
    this.#waiting = null;
  }

  #send(socket: WebSocket, data: Buffer, callback: (error?: Error | null) => void): void {
    this.hasSent = true;
    for (let start = 0; start < data.length; start += maxMessageBytes) {
      const part = data.subarray(start, start + maxMessageBytes);
      const message = Buffer.allocUnsafe(part.length + 1);
      message[0] = channels.stdin;
      part.copy(message, 1);
      const last = start + maxMessageBytes >= data.length;
      // Each message is one frame: the API server does not join fragments.
      socket.send(message, (error) => {
        if (error) callback(this.#lost(error.message));
        else if (last) callback();
      });
    }
  }

  #receive(socket: WebSocket, message: Buffer): void {
    // Empty messages only say that the channel is open.
    if (message.length < 2) return;
    const payload = message.subarray(1);
    switch (message[0]) {
      case channels.stdout:
        this.receivedBytes += payload.length;
        if (!this.push(payload)) socket.pause();
        return;
      case channels.stderr:
        this.relayBytes += payload.length;
        this.#relayMessage = (this.#relayMessage + payload.toString()).slice(-maxRelayMessageBytes);
        return;
      case channels.status:
        this.#statusSeen = true;
        this.#finish(payload.toString(), hasStatus(socket));
        return;
      case undefined:
      default: // Other channels carry nothing for us.
    }
  }

  /** The relay has ended. The status always comes last: everything that the relay wrote has arrived. */
  #finish(text: string, isStatus: boolean): void {
    let status: ExecStatus;
    try {
      status = isStatus ? parseExecStatus(text) : { exitCode: null, message: text.trim() };
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

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
