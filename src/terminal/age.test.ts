import { expect, test } from '@jest/globals';
import { formatAge } from './age.ts';

test.each([
  [-5, '0s'],
  [119, '119s'],
  [120, '2m'],
  [10_799, '179m'],
  [10_800, '3h'],
  [172_799, '47h'],
  [172_800, '2d'],
])('%d seconds are %s', (seconds, text) => {
  const now = new Date('2026-01-10T00:00:00Z');
  expect(formatAge(new Date(now.getTime() - seconds * 1000), now)).toBe(text);
});
