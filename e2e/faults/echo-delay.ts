import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { startKubectl, waitForOutput } from '../harness/command-run.ts';

const keyIntervalMs = 100;
const answerLimitMs = 30_000;

/** A session beside those that something happens to, on the same agent: it sends back what is typed. */
export class EchoDelay {
  /** How long each answer took, in ms. */
  readonly answersMs: number[] = [];
  readonly #client: ChildProcessWithoutNullStreams;

  private constructor(client: ChildProcessWithoutNullStreams) {
    this.#client = client;
  }

  /** @param args the target and flags. */
  static async start(args: string[]): Promise<EchoDelay> {
    const client = await startKubectl(['crashcart', ...args, '-i', '--', 'cat']);
    client.stdin.write('x');
    await waitForOutput(client);
    return new EchoDelay(client);
  }

  /** Types for a while. @throws AbortError when an answer does not come at all. */
  async typeFor(ms: number): Promise<void> {
    for (const endMs = performance.now() + ms; performance.now() < endMs; await delay(keyIntervalMs)) {
      const startedMs = performance.now();
      const answered = once(this.#client.stdout, 'data', { signal: AbortSignal.timeout(answerLimitMs) });
      this.#client.stdin.write('x');
      await answered;
      this.answersMs.push(performance.now() - startedMs);
    }
  }

  /** @returns the delay that so many of 100 answers did not exceed. */
  percentileMs(percent: number): number {
    const sorted = this.answersMs.toSorted((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Infinity;
  }

  end(): void {
    this.#client.stdin.end();
  }
}
