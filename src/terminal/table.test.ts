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

test('with a width its last column is wrapped at words, below itself', () => {
  const rows = [
    ['a', 'some words that do not fit into the width'],
    ['b', 'short'],
  ];
  expect(formatTable(['ID', 'TEXT'], rows, 30)).toBe(
    'ID   TEXT\n' + 'a    some words that do not\n' + '     fit into the width\n' + 'b    short\n',
  );
  expect(formatTable(['ID', 'TEXT'], rows, 100)).toBe(formatTable(['ID', 'TEXT'], rows));
});

test('a word that is too long for the width is whole', () => {
  const address = 'https://kubernetes.io/docs/concepts/architecture/cgroups/';
  expect(formatTable(['ID', 'TEXT'], [['a', `see ${address}`]], 30)).toContain(`\n     ${address}\n`);
});
