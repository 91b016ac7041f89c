import { expect, test } from '@jest/globals';
import { escapeMessage, escapeText } from './escape-text.ts';

test.each([
  ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
  ['a\u0085b', 'a\\x85b'],
  ['a\u061cb', 'a\\u061cb'],
  ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['a\u202eb\u2066c', 'a\\u202eb\\u2066c'],
])('%j makes a terminal do nothing', (text, escaped) => {
  expect(escapeText(text)).toBe(escaped);
});

test.each(['Grüße, 世界\t1', 'one\ntwo', 'a–b… ‘c’'])('%j stays as it is', (text) => {
  expect(escapeText(text)).toBe(text);
});

test('a message’s further lines are indented', () => {
  expect(escapeMessage('one\nerror: two\n\u001bthree\n')).toBe('one\n  error: two\n  \\x1bthree');
});
