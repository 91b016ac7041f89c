import type { Reporter } from '../../../failure/reporter.ts';

/** A program that tries again and again is told once in this time. */
const silenceMs = 10_000;

/** Tells which connections could not be made: each reason of each place once in a while. */
export class RefusalReport {
  readonly #reporter: Reporter;
  readonly #toldAt = new Map<string, number>();

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  tell(place: string, reason: string): void {
    const key = `${place} ${reason}`;
    const now = performance.now();
    // Through a SOCKS5 proxy come ever new places: those that are told again anyhow are forgotten.
    for (const [other, toldAt] of this.#toldAt) if (now - toldAt >= silenceMs) this.#toldAt.delete(other);
    if (this.#toldAt.has(key)) return;
    this.#toldAt.set(key, now);
    this.#reporter.error(`no connection to ${place}: ${reason}`);
  }
}
