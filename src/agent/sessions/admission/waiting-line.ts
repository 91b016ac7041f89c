import { setTimeout as delay } from 'node:timers/promises';
import type { SessionMemory } from '../../cgroup/session-group.ts';
import { ProblemError } from '../../../session-api/problem.ts';

/** Times and sizes of the line. */
const usualTimes = {
  /** A client waits 30 s for an answer, and entering the target takes its part. */
  limitMs: 10_000,
  pollMs: 200,
  /** For this time a session that was let in may take less than it soon will. */
  settleMs: 1000,
};
/** What a session with a shell and a tool of the toolbox takes. */
const startBytes = 16 * 1024 * 1024;

/**
 * Where sessions wait, in the order in which they came, until there is memory for one more. Nothing is reserved for a
 * session: most take a few MiB of what they may take.
 */
export class WaitingLine {
  readonly #readMemory: () => Promise<SessionMemory | null>;
  readonly #times: typeof usualTimes;
  /** Settles when the last one that came has been let in, or has given up. */
  #last: Promise<unknown> = Promise.resolve();
  /** When the sessions were let in that may not have taken their memory yet. */
  #entered: number[] = [];

  /** @param readMemory its result is null where sessions have no limit together. */
  constructor(readMemory: () => Promise<SessionMemory | null>, times = usualTimes) {
    this.#readMemory = readMemory;
    this.#times = times;
  }

  /**
   * Waits until there is room for one more session.
   * @param signal ends the wait.
   * @throws ProblemError `capacity` when there is no room in time; the signal's reason.
   */
  async enter(signal: AbortSignal): Promise<void> {
    const endMs = performance.now() + this.#times.limitMs;
    const turn = this.#last.then(() => this.#waitForRoom(endMs, signal));
    this.#last = turn.catch(() => undefined);
    await turn;
  }

  async #waitForRoom(endMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const memory = await this.#readMemory();
      const nowMs = performance.now();
      this.#entered = this.#entered.filter((enteredMs) => nowMs - enteredMs < this.#times.settleMs);
      const coming = (this.#entered.length + 1) * startBytes;
      // One that is alone is let in whatever the limit is: it may need less.
      const isAlone = this.#entered.length === 0 && memory !== null && memory.usedBytes < startBytes;
      if (memory === null || isAlone || memory.usedBytes + coming <= memory.limitBytes) {
        this.#entered.push(nowMs);
        return;
      }
      if (nowMs >= endMs) throw describeNoRoom(memory);
      await delay(this.#times.pollMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function describeNoRoom({ usedBytes, limitBytes }: SessionMemory): ProblemError {
  const [used, limit] = [usedBytes, limitBytes].map((bytes) => Math.floor(bytes / 1024 / 1024));
  return new ProblemError(
    'capacity',
    `the sessions on this node take ${used} of the ${limit} MiB that they may take together: there is no room for one more`,
    'End a session, such as one that holds much memory (`kubectl crashcart sessions` lists them), or give agents a higher limit: --agent-resource limits.memory=8Gi.',
  );
}
