import { expect, test } from '@jest/globals';
import { parseJSON } from './json-text.ts';

test('what is no JSON text says nothing', () => {
  expect(parseJSON('{"a": 1}')).toEqual({ a: 1 });
  for (const text of ['', '{"a":', '<html>', '{"a": 1} {"a": 2}']) expect(parseJSON(text)).toBeNull();
});
