import { expect, test } from '@jest/globals';
import {
  encodeInterface,
  encodeNames,
  encodePacket,
  encodeSection,
  encodeStatistics,
} from './pcapng-blocks.ts';

/** Walks over blocks by both of their lengths. */
function readBlocks(bytes: Buffer): { type: number; body: Buffer }[] {
  const blocks = [];
  for (let position = 0; position < bytes.length;) {
    const length = bytes.readUInt32LE(position + 4);
    expect(length % 4).toBe(0);
    expect(bytes.readUInt32LE(position + length - 4)).toBe(length);
    blocks.push({
      type: bytes.readUInt32LE(position),
      body: bytes.subarray(position + 8, position + length - 4),
    });
    position += length;
  }
  return blocks;
}

function readOptions(bytes: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let position = 0; bytes.readUInt16LE(position) !== 0;) {
    const length = bytes.readUInt16LE(position + 2);
    options.set(bytes.readUInt16LE(position), bytes.subarray(position + 4, position + 4 + length));
    position += 4 + Math.ceil(length / 4) * 4;
  }
  return options;
}

const described = {
  ...{ linkType: 276, snapLength: 262_144, name: 'shop/web-0/app', description: 'container app' },
  ...{ filter: 'port 80', comment: null },
};

test('a section has the application, and no length', () => {
  const [block] = readBlocks(encodeSection('kubectl-crashcart 1'));
  expect(block?.type).toBe(0x0a_0d_0d_0a);
  expect(block?.body.readBigInt64LE(8)).toBe(-1n);
  expect(
    readOptions(block?.body.subarray(16) ?? Buffer.alloc(4))
      .get(4)
      ?.toString(),
  ).toBe('kubectl-crashcart 1');
});

test('an interface has its name, its filter and nanoseconds; what is not known is left out', () => {
  const [block] = readBlocks(encodeInterface(described));
  const options = readOptions(block?.body.subarray(8) ?? Buffer.alloc(4));
  expect(block?.body.readUInt16LE(0)).toBe(276);
  expect(options.get(2)?.toString()).toBe('shop/web-0/app');
  expect(options.get(9)).toEqual(Buffer.of(9));
  expect(options.get(11)?.toString()).toBe('\0port 80');
  expect(options.has(1)).toBe(false);
  const [other] = readBlocks(encodeInterface({ ...described, comment: 'a clock' }));
  expect(
    readOptions(other?.body.subarray(8) ?? Buffer.alloc(4))
      .get(1)
      ?.toString(),
  ).toBe('a clock');
});

test('packets of any length fill up to 32 bits, and keep their time', () => {
  for (const length of [0, 1, 2, 3, 4, 1499]) {
    const time = 1_700_000_000_123_456_789n;
    const data = Buffer.alloc(length, 0xab);
    const [block] = readBlocks(encodePacket({ time, data, originalLength: 2000 }, 3));
    const body = block?.body ?? Buffer.alloc(20);
    expect(body.readUInt32LE(0)).toBe(3);
    expect((BigInt(body.readUInt32LE(4)) << 32n) | BigInt(body.readUInt32LE(8))).toBe(time);
    expect([body.readUInt32LE(12), body.readUInt32LE(16)]).toEqual([length, 2000]);
    expect(body.subarray(20, 20 + length)).toEqual(data);
    expect(body.subarray(20 + length).every((byte) => byte === 0)).toBe(true);
  }
});

test('many names are in several blocks, and none are in none', () => {
  expect(encodeNames([])).toHaveLength(0);
  const addresses = Array.from({ length: 10_001 }, () => ({
    address: Buffer.of(10, 0, 0, 1),
    names: ['a', 'b'],
  }));
  const blocks = readBlocks(encodeNames(addresses));
  expect(blocks.map(({ type }) => type)).toEqual([4, 4]);
  const [first] = blocks;
  expect(first?.body.subarray(0, 12)).toEqual(Buffer.from([1, 0, 8, 0, 10, 0, 0, 1, 97, 0, 98, 0]));
});

test('statistics leave out what tcpdump has not told', () => {
  const times = { startTime: 1n, endTime: 2n };
  const count = (statistics: { received: number | null; dropped: number | null }) => {
    const [block] = readBlocks(encodeStatistics({ ...times, ...statistics, delivered: 5 }, 0));
    return [...readOptions(block?.body.subarray(12) ?? Buffer.alloc(4)).keys()];
  };
  expect(count({ received: 7, dropped: 2 })).toEqual([2, 3, 4, 5, 8]);
  expect(count({ received: null, dropped: null })).toEqual([2, 3, 8]);
});
