import { expect, test } from '@jest/globals';
import { foldName, refuseName } from './local-name.ts';

test.each(['', '.', '..', 'a/b', 'a\0'])('%j is not a name of a file anywhere', (name) => {
  expect(refuseName(Buffer.from(name), 'linux')).not.toBeNull();
});

test('on Linux every other name is one, also one that is not text', () => {
  for (const name of ['a', '...', 'con', 'a:b', ' ', '\u001b[2J'])
    expect(refuseName(Buffer.from(name), 'linux')).toBeNull();
  expect(refuseName(Buffer.of(0xff), 'linux')).toBeNull();
  expect(refuseName(Buffer.of(0xff), 'darwin')).toContain('not UTF-8');
});

test.each(['CON', 'con.txt', 'Lpt1', 'com²', 'nul', 'a:b', 'a\\b', 'a.', 'a ', 'a?', 'conin$'])(
  'Windows does not take %j',
  (name) => expect(refuseName(Buffer.from(name), 'win32')).not.toBeNull(),
);

test.each(['console', 'com10', 'a.b', 'nulls', 'Grüße'])('Windows takes %j', (name) => {
  expect(refuseName(Buffer.from(name), 'win32')).toBeNull();
});

test('names that differ in case, or in how an accent is written, are of one file', () => {
  expect(foldName('A/É')).toBe(foldName('a/e\u0301'));
});
