import { expect, test } from '@jest/globals';
import { takeExcerpt } from './excerpt.ts';

const number = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);

test('a short output is all there', () => {
  expect(takeExcerpt('one\r\ntwo\n\n', null)).toBe('one\ntwo');
});

test('of a long one, it is the beginning', () => {
  const all = number(1, 99).join('\n');
  expect(takeExcerpt(all, null)).toBe([...number(1, 8), '…', ...number(93, 99)].join('\n'));
});

test('what is looked for is there, with what is around it', () => {
  const all = number(1, 99).join('\n');
  expect(takeExcerpt(all, /line 50/)).toBe(['…', ...number(36, 50), '…'].join('\n'));
});

test('what is looked for and long has a gap', () => {
  const all = number(1, 99).join('\n');
  expect(takeExcerpt(all, /line 20\n[^]*line 80/)).toBe(
    ['…', ...number(20, 27), '…', ...number(74, 80), '…'].join('\n'),
  );
});

test('it has nothing that a terminal or a page would obey', () => {
  expect(takeExcerpt('\u001b[31mred\u001b[0m \u202e', null)).toBe(String.raw`red \u202e`);
});

test('a line has an end', () => {
  expect(takeExcerpt('x'.repeat(1000), null)).toBe(`${'x'.repeat(240)}…`);
});
