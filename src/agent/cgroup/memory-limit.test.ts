import { describe, expect, test } from '@jest/globals';
import { decideGroupLimit, decideSessionRoom } from './memory-limit.ts';

const mib = 1024 * 1024;

describe('a session', () => {
  const decide = (memory: number | null, scratch: number | null, group: number | null = 3072) => {
    const toBytes = (size: number | null) => (size === null ? null : size * mib);
    const room = decideSessionRoom(
      { memoryBytes: toBytes(memory), scratchBytes: toBytes(scratch) },
      { sessionMemoryBytes: 512 * mib },
      toBytes(group),
    );
    return [room.memoryBytes / mib, room.scratchBytes / mib];
  };

  test('gets the memory that it asks for, else what the agent gives', () => {
    expect(decide(null, null)).toEqual([512, 256]);
    expect(decide(100, null)).toEqual([100, 256]);
    expect(decide(3072, null)).toEqual([3072, 256]);
  });

  test('gets memory for the room that it asks for', () => {
    expect(decide(null, 64)).toEqual([512, 64]);
    expect(decide(null, 2048)).toEqual([2304, 2048]);
    expect(decide(1024, 1024)).toEqual([1024, 1024]);
    expect(() => decide(512, 1024)).toThrow(
      expect.objectContaining({
        code: 'invalidRequest',
        message: "the session's files are to have 1024 MiB, and count to the session's memory of 512 MiB",
      }),
    );
  });

  test('gets no more than all sessions of the agent have, if they have a limit', () => {
    for (const [memory, scratch] of [
      [3073, null],
      [null, 2900],
    ] as const)
      expect(() => decide(memory, scratch)).toThrow(
        expect.objectContaining({ message: expect.stringContaining('together have 3072 MiB') }),
      );
    expect(decide(9000, 8000, null)).toEqual([9000, 8000]);
  });

  test('that asks for nothing is not refused by a small agent', () => {
    expect(decide(null, null, 256)).toEqual([512, 256]);
  });
});

test.each([
  ['4Gi', 4096, 3072],
  ['1Gi', 1024, 768],
  ['512Mi', 512, 256],
  ['128Mi', 128, 64],
])('of %s, all sessions together get what leaves the agent its part', (_limit, container, sessions) => {
  expect(decideGroupLimit(container * mib)).toBe(sessions * mib);
});
