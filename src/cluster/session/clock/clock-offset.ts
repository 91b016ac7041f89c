/** How far another machine's clock is ahead of ours. */
export interface ClockOffset {
  /** Negative: it is behind. */
  offsetMs: number;
  /** The offset is right to this much. */
  uncertaintyMs: number;
}

/** The fastest answer tells most; a few are enough to have one that nothing has delayed. */
const samples = 5;
/** The other clock is told in whole milliseconds. */
const resolutionMs = 1;

/**
 * Compares another machine's clock with ours, as NTP does: its time belongs to the middle between question and answer, and
 * is off by half of the time between the two at most (https://www.rfc-editor.org/rfc/rfc5905#section-8).
 * @param ask reads the other clock, in milliseconds since 1970; null: it can't be told.
 * @param now our clock.
 * @returns null when the other clock can't be told.
 * @throws what `ask` throws.
 */
export async function measureClock(
  ask: () => Promise<number | null>,
  now: () => number = () => Date.now(),
): Promise<ClockOffset | null> {
  let best: ClockOffset | null = null;
  for (let sample = 0; sample < samples; sample++) {
    const askedAt = now();
    const clockMs = await ask();
    if (clockMs === null) return null;
    const halfMs = (now() - askedAt) / 2;
    const uncertaintyMs = halfMs + resolutionMs;
    if (best === null || uncertaintyMs < best.uncertaintyMs)
      best = { offsetMs: clockMs - askedAt - halfMs, uncertaintyMs };
  }
  return best;
}

/** @returns the offset as a sentence says it: `12 ms ahead of this machine's (to 3 ms)`. */
export function describeOffset({ offsetMs, uncertaintyMs }: ClockOffset): string {
  const exactness = `(to ${Math.ceil(uncertaintyMs)} ms)`;
  const ms = Math.round(offsetMs);
  if (Math.abs(offsetMs) <= uncertaintyMs) return `as this machine's ${exactness}`;
  return `${Math.abs(ms)} ms ${ms < 0 ? 'behind' : 'ahead of'} this machine's ${exactness}`;
}
