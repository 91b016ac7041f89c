import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { startKubectl, waitUntil } from '../harness/command-run.ts';

const pieceBytes = 64 * 1024;

export interface EchoEnd {
  code: number | null;
  stderr: string;
  sentBytes: number;
  receivedBytes: number;
  /** Whether what came back is what was sent, all of it and nothing else. */
  isIntact: boolean;
}

/** A session that sends back whatever it is sent: bytes in flight both ways, which must all arrive once. */
export class EchoStream {
  readonly client: ChildProcessWithoutNullStreams;
  receivedBytes = 0;
  readonly #sent = createHash('sha256');
  readonly #received = createHash('sha256');
  readonly #ended: Promise<number | null>;
  #sentBytes = 0;
  #stderr = '';
  #isFinishing = false;
  #paused: PromiseWithResolvers<void> | null = null;

  private constructor(client: ChildProcessWithoutNullStreams, bytesPerSecond: number) {
    this.client = client;
    this.#ended = once(client, 'close').then(([code]) => code as number | null);
    client.stdin.on('error', () => undefined);
    client.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    client.stdout.on('data', (chunk: Buffer) => {
      this.#received.update(chunk);
      this.receivedBytes += chunk.length;
    });
    void this.#pump(bytesPerSecond);
  }

  /**
   * Starts it, and waits until bytes come back.
   * @param args the target and flags.
   * @param via a program and its arguments to run kubectl by.
   */
  static async start(
    args: string[],
    { bytesPerSecond = 4 * 1024 * 1024, via = [] as string[] } = {},
  ): Promise<EchoStream> {
    const client = await startKubectl(['crashcart', ...args, '-i', '--', 'cat'], {}, via);
    const stream = new EchoStream(client, bytesPerSecond);
    await stream.waitForFlow();
    return stream;
  }

  /** Waits until bytes that were sent just now have come back. @returns how long that took, in ms. */
  async waitForFlow(limitMs = 60_000): Promise<number> {
    const startedAt = performance.now();
    const wanted = this.#sentBytes + 1;
    await waitUntil(
      `bytes come back: ${this.#stderr}`,
      () => {
        if (this.client.exitCode !== null) throw new Error(`the client has ended: ${this.#stderr}`);
        return Promise.resolve(this.receivedBytes >= wanted);
      },
      limitMs,
    );
    return performance.now() - startedAt;
  }

  /** Sends nothing until it is told to go on. */
  pause(): void {
    this.#paused = Promise.withResolvers();
  }

  continue(): void {
    this.#paused?.resolve();
    this.#paused = null;
  }

  /** Sends no more, and waits for the end. */
  async finish(): Promise<EchoEnd> {
    this.#isFinishing = true;
    const code = await this.#ended;
    return {
      code,
      stderr: this.#stderr,
      sentBytes: this.#sentBytes,
      receivedBytes: this.receivedBytes,
      isIntact:
        this.#sentBytes === this.receivedBytes && this.#sent.digest('hex') === this.#received.digest('hex'),
    };
  }

  async #pump(bytesPerSecond: number): Promise<void> {
    const { stdin } = this.client;
    while (!this.#isFinishing && stdin.writable) {
      await this.#paused?.promise;
      const piece = randomBytes(pieceBytes);
      this.#sent.update(piece);
      this.#sentBytes += piece.length;
      if (!stdin.write(piece)) await Promise.race([once(stdin, 'drain'), this.#ended]).catch(() => undefined);
      await delay((pieceBytes / bytesPerSecond) * 1000);
    }
    stdin.end();
  }
}

/** What every fault that a session survives is to end in. */
export const survived = { code: 0, stderr: '', isIntact: true };
