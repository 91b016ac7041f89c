import { expect, test } from '@jest/globals';
import { findNearestName, suggestName } from './nearest-name.ts';

const names = ['doctor', 'stop', 'status', 'Always', 'container'];

test.each([
  ['doctr', 'doctor'],
  ['docotr', 'doctor'],
  ['stpo', null],
  ['stopp', 'stop'],
  ['contaner', 'container'],
  ['always', 'Always'],
  ['web', null],
  ['', null],
  ['no-such-name', null],
])('what is near to "%s" is %s', (name, expected) => {
  expect(findNearestName(name, names)).toBe(expected);
});

test('nothing is suggested where nothing is near', () => {
  expect(suggestName('statsu', names)).toBe('; did you mean "status"?');
  expect(suggestName('web', names)).toBe('');
});
