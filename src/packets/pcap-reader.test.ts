import { expect, test } from '@jest/globals';
import { PcapReader } from './pcap-reader.ts';

/** @param write writes a number of 32 bits. */
function makeCapture(
  magic: number,
  packets: [seconds: number, fraction: number, data: string][],
  isBigEndian = false,
) {
  const words = (...numbers: number[]) => {
    const bytes = Buffer.alloc(numbers.length * 4);
    numbers.forEach((number, index) =>
      isBigEndian ? bytes.writeUInt32BE(number, index * 4) : bytes.writeUInt32LE(number, index * 4),
    );
    return bytes;
  };
  const version = isBigEndian ? 0x00_02_00_04 : 0x00_04_00_02;
  return Buffer.concat([
    words(magic, version, 0, 0, 65_535, 276),
    ...packets.flatMap(([seconds, fraction, data]) => [
      words(seconds, fraction, data.length, data.length + 7),
      Buffer.from(data),
    ]),
  ]);
}

const nanoseconds = 0xa1_b2_3c_4d;
const microseconds = 0xa1_b2_c3_d4;

test('packets are the same wherever the stream is cut', () => {
  const capture = makeCapture(nanoseconds, [
    [1_700_000_000, 123_456_789, 'first'],
    [1_700_000_001, 5, ''],
    [1_700_000_002, 6, 'x'.repeat(3000)],
  ]);
  for (const size of [1, 2, 3, 7, 16, 24, 25, 1000, capture.length]) {
    const reader = new PcapReader();
    const packets = [];
    for (let from = 0; from < capture.length; from += size)
      packets.push(...reader.push(capture.subarray(from, from + size)));
    expect(packets.map(({ time, data }) => [time, data.toString()])).toEqual([
      [1_700_000_000_123_456_789n, 'first'],
      [1_700_000_001_000_000_005n, ''],
      [1_700_000_002_000_000_006n, 'x'.repeat(3000)],
    ]);
    expect(packets[0]?.originalLength).toBe(12);
    expect(reader.header).toEqual({ linkType: 276, snapLength: 65_535 });
  }
});

test('either order of bytes and either unit of time is read', () => {
  for (const isBigEndian of [true, false]) {
    const [packet] = new PcapReader().push(makeCapture(microseconds, [[10, 20, 'data']], isBigEndian));
    expect(packet?.time).toBe(10_000_020_000n);
  }
});

test('what is not a capture is refused', () => {
  expect(() => new PcapReader().push(Buffer.from('tcpdump: it has printed something else'))).toThrow(
    'what tcpdump sent is not a capture: it begins with 74637064',
  );
  const tooLong = makeCapture(nanoseconds, [[1, 1, '']]);
  tooLong.writeUInt32LE(0xff_ff_ff_ff, 24 + 8);
  expect(() => new PcapReader().push(tooLong)).toThrow('a packet of 4294967295 bytes');
});
