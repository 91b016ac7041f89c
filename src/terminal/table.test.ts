import { expect, test } from '@jest/globals';
import { formatTable } from './table.ts';

test('a table has its columns under each other, and shows no control characters', () => {
  const rows = [
    ['a', 'long value', 'x\ny'],
    ['bbbbb', '', '\u001b[31mred'],
  ];
  expect(formatTable(['ID', 'NAME', 'WHY'], rows)).toBe(
    'ID      NAME         WHY\n' + 'a       long value   x y\n' + 'bbbbb                \\x1b[31mred\n',
  );
});
