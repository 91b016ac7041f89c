import { describe, expect, test } from '@jest/globals';
import { compareRuns, compareWithLimit, computeMedian } from './figure.ts';

describe('the median', () => {
  test('is the middle one of an odd number of values', () => {
    expect(computeMedian([30, 1, 2])).toBe(2);
  });

  test('is between the middle two of an even number of values', () => {
    expect(computeMedian([4, 1, 100, 2])).toBe(3);
  });

  test('of nothing is an error', () => {
    expect(() => computeMedian([])).toThrow(RangeError);
  });
});

describe('a figure', () => {
  test('is the ratio of the medians', () => {
    const figure = compareRuns('x', 'ms', [160, 1000, 10], [100], { comparison: 'at most', ratio: 1.6 });
    expect(figure).toMatchObject({ ours: 160, reference: 100, ratio: 1.6, isReached: true, runs: 3 });
  });

  test('of a rate is reached from the target on', () => {
    const target = { comparison: 'at least', ratio: 0.8 } as const;
    expect(compareRuns('x', 'MB/s', [79], [100], target).isReached).toBe(false);
    expect(compareRuns('x', 'MB/s', [80], [100], target).isReached).toBe(true);
  });

  test('of a limit is the highest of all runs', () => {
    expect(compareWithLimit('x', 'MB', [100, 160], 150)).toMatchObject({ ours: 160, isReached: false });
  });
});
