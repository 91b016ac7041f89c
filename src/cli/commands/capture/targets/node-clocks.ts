import type { ClockOffset } from '../../../../cluster/session/clock/clock-offset.ts';

/** Less is not worth a warning: clocks that are set by NTP differ by some milliseconds. */
const notableMs = 10;

/** What a clock is measured through. */
export interface ClockSource {
  /** @returns null: the clock can't be told. */
  measureClock: () => Promise<ClockOffset | null>;
}

/** The clocks of the nodes that packets come from: each node stamps its packets itself. */
export class NodeClocks {
  readonly #measuring = new Map<string, Promise<void>>();
  readonly #known = new Map<string, ClockOffset>();

  /** Begins to measure the clock of a node, unless that was done before. */
  measure(node: string, source: ClockSource): void {
    if (this.#measuring.has(node)) return;
    const store = (clock: ClockOffset | null) => void (clock !== null && this.#known.set(node, clock));
    // A packet is of use without it.
    const measuring = source.measureClock().then(store, () => undefined);
    this.#measuring.set(node, measuring);
  }

  /** Settles when the clock of a node is measured, or can't be; at once, when that has not begun. */
  async wait(node: string): Promise<void> {
    await this.#measuring.get(node);
  }

  /** @returns null when the clock is not known. */
  get(node: string): ClockOffset | null {
    return this.#known.get(node) ?? null;
  }

  /** @returns a warning, when the clocks of two nodes surely differ by more than is usual; else null. */
  async describeDifference(): Promise<string | null> {
    await Promise.all(this.#measuring.values());
    const ordered = [...this.#known].toSorted(([, one], [, other]) => one.offsetMs - other.offsetMs);
    const [first, last] = [ordered[0], ordered.at(-1)];
    if (first === undefined || last === undefined) return null;
    const [[behind, low], [ahead, high]] = [first, last];
    const differenceMs = high.offsetMs - low.offsetMs;
    if (differenceMs - high.uncertaintyMs - low.uncertaintyMs < notableMs) return null;
    return (
      `the clock of the node ${ahead} is ${Math.round(differenceMs)} ms ahead of the one of ${behind}: ` +
      'the order of their packets is wrong by as much'
    );
  }
}
