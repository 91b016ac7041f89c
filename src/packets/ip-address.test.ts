import { expect, test } from '@jest/globals';
import { parseAddress } from './ip-address.ts';

test.each([
  ['10.0.0.255', '0a0000ff'],
  ['::', '0'.repeat(32)],
  ['::1', `${'0'.repeat(31)}1`],
  ['fd00:10::a:1', 'fd0000100000000000000000000a0001'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['fe80::', `fe80${'0'.repeat(28)}`],
  ['::ffff:10.1.2.3', '00000000000000000000ffff0a010203'],
])('%s is an address', (text, hex) => {
  expect(parseAddress(text)?.toString('hex')).toBe(hex);
});

test.each([
  '',
  'None',
  '10.0.0',
  '10.0.0.256',
  '1.2.3.4.5',
  '1:2:3',
  '1::2::3',
  'g::1',
  '1:2:3:4:5:6:7:8:9',
  '::12345',
])('"%s" is not an address', (text) => {
  expect(parseAddress(text)).toBeNull();
});
