/** What one row states: ours against kubectl's, from the same minutes on the same machine. */
export interface Figure {
  name: string;
  unit: 'ms' | 'MB/s' | 'MB' | '% CPU';
  /** The median of the runs. */
  ours: number;
  /** The median of kubectl's runs; null where there is nothing to compare with. */
  reference: number | null;
  /** The ratio of our value to the reference, or to the limit where there is no reference. */
  ratio: number;
  target: Target;
  isReached: boolean;
  runs: number;
}

/** What the ratio shall be. */
export interface Target {
  comparison: 'at most' | 'at least';
  ratio: number;
}

/** @returns the figure of the medians of what was measured in turns. */
export function compareRuns(
  name: string,
  unit: Figure['unit'],
  ours: number[],
  reference: number[],
  target: Target,
): Figure {
  const medians = { ours: computeMedian(ours), reference: computeMedian(reference) };
  const ratio = medians.ours / medians.reference;
  return { name, unit, ...medians, ratio, target, isReached: isReached(ratio, target), runs: ours.length };
}

/** @returns the figure of the highest of what was measured, which a limit of its own holds for. */
export function compareWithLimit(
  name: string,
  unit: Figure['unit'],
  measured: number[],
  limit: number,
): Figure {
  const ours = Math.max(...measured);
  const target: Target = { comparison: 'at most', ratio: 1 };
  const ratio = ours / limit;
  return {
    name: `${name} (limit ${limit} ${unit})`,
    unit,
    ours,
    reference: null,
    ratio,
    target,
    isReached: isReached(ratio, target),
    runs: measured.length,
  };
}

/** @param share of the values that are at most the result. @throws RangeError when there are none. */
export function computeQuantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new RangeError('no values to take a quantile of');
  return value;
}

/** @throws RangeError when there is nothing to take it of. */
export function computeMedian(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values to take a median of');
  return (lower + upper) / 2;
}

function isReached(ratio: number, { comparison, ratio: limit }: Target): boolean {
  return comparison === 'at most' ? ratio <= limit : ratio >= limit;
}
