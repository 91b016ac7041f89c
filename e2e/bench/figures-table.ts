import type { Figure } from './figure.ts';

/** Prints the figures for people. */
export function printFigures(figures: Figure[]): void {
  console.table(Object.fromEntries(figures.map((figure) => [figure.name, describe(figure)])));
}

function describe({ unit, ours, reference, ratio, target, isReached, runs }: Figure): object {
  return {
    ours: `${round(ours)} ${unit}`,
    kubectl: reference === null ? '' : `${round(reference)} ${unit}`,
    ratio: round(ratio),
    target: `${target.comparison} ${target.ratio}`,
    reached: isReached ? 'yes' : 'no',
    runs,
  };
}

/** To three digits, as the runs differ by more. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}
