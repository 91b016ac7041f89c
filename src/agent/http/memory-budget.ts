import { ProblemError } from '../../session-api/problem.ts';

/** Memory that many requests take together: each of them is small, and no client is kept from sending more. */
export class MemoryBudget {
  readonly #maxBytes: number;
  readonly #what: string;
  #bytes = 0;

  /** @param what takes the memory, for the message. */
  constructor(maxBytes: number, what: string) {
    this.#maxBytes = maxBytes;
    this.#what = what;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** To be undone by `release`. @throws ProblemError `capacity` when it would be too much. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new ProblemError(
        'capacity',
        `the ${this.#what} of all clients would take more than ${this.#maxBytes / 1024 / 1024} MiB of the agent's memory`,
        'Try again.',
      );
    }
    this.#bytes += bytes;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}
