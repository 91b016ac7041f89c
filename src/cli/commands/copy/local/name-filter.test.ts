import { expect, test } from '@jest/globals';
import { createFilter } from './name-filter.ts';

const taken = (patterns: { include?: string[]; exclude?: string[] }, paths: string[]) => {
  const takes = createFilter({ include: [], exclude: [], ...patterns });
  return paths.filter((path) => takes(path, path.endsWith('/')));
};

test('a pattern is for the name alone, and with a slash for the path below the source', () => {
  const paths = ['a.log', 'd/a.log', 'd/e/a.log', 'd/a.txt', '.a.log'];
  expect(taken({ include: ['*.log'] }, paths)).toEqual(['a.log', 'd/a.log', 'd/e/a.log', '.a.log']);
  expect(taken({ include: ['d/*.log'] }, paths)).toEqual(['d/a.log']);
  expect(taken({ include: ['d/**/a.*'] }, paths)).toEqual(['d/a.log', 'd/e/a.log', 'd/a.txt']);
  expect(taken({ exclude: ['*.log', 'd/*.txt'] }, paths)).toEqual([]);
});

test('the source itself is always taken, and folders are looked into', () => {
  expect(createFilter({ include: ['x'], exclude: ['*'] })('', true)).toBe(true);
  expect(createFilter({ include: ['x'], exclude: [] })('folder', true)).toBe(true);
});

test('braces, exclamation marks and brackets of a name mean no more than in the toolbox', () => {
  expect(taken({ include: ['{a,b}', '!c', '[ab]'] }, ['a', '{a,b}', '!c', 'c'])).toEqual([
    'a',
    '{a,b}',
    '!c',
  ]);
});
