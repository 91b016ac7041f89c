import { expect, test } from '@jest/globals';
import { LineSplitter } from './line-splitter.ts';

test('a line is given once its newline has arrived', () => {
  const splitter = new LineSplitter();
  expect(splitter.push('{"a":')).toEqual([]);
  expect(splitter.push('1}\n{"b":2}\n{')).toEqual(['{"a":1}', '{"b":2}']);
  expect(splitter.push('}\n')).toEqual(['{}']);
});

test('a line that does not end takes no more memory than it may', () => {
  const splitter = new LineSplitter(4);
  for (let piece = 0; piece < 3; piece++) expect(splitter.push('123')).toEqual([]);
  expect(splitter.push('\n')).toEqual(['1231']);
});
