import { expect, test } from '@jest/globals';
import { isWithinBounds } from './json-bounds.ts';

test('a command of as many arguments as execve takes is within bounds', () => {
  const command = Array.from({ length: 200_000 }, () => '"\\');
  expect(
    isWithinBounds(JSON.stringify({ command, setup: { environment: [{ name: 'a', value: '[{,' }] } })),
  ).toBe(true);
});

test.each([
  ['levels of lists', '['.repeat(33)],
  ['levels of objects', '{"a":'.repeat(33)],
  ['lists', '[' + '[],'.repeat(300_000)],
  ['numbers', '[' + '1,'.repeat(600_000)],
])('too many %s are not', (_, text) => {
  expect(isWithinBounds(text)).toBe(false);
});

test('brackets and commas of a string are no values, whatever is escaped before them', () => {
  expect(isWithinBounds(JSON.stringify(`"\\${'[{,'.repeat(400_000)}`))).toBe(true);
  expect(isWithinBounds(`"\\\\"${'['.repeat(40)}`)).toBe(false);
});
