import { expect, test } from '@jest/globals';
import { PacketLineReader } from './packet-lines.ts';

test('a line has the time that it begins with, wherever the output is cut', () => {
  const reader = new PacketLineReader();
  expect(reader.push(Buffer.from('1700000000.123456 eth0  In  IP 10.0'))).toEqual([]);
  expect(reader.push(Buffer.from('.0.1\n\t0x0000: 4500\n'))).toEqual([
    { time: 1_700_000_000_123_456_000n, text: 'eth0  In  IP 10.0.0.1' },
    { time: 1_700_000_000_123_456_000n, text: '\t0x0000: 4500' },
  ]);
});
