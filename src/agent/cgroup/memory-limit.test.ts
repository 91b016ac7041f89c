import { expect, test } from '@jest/globals';
import { decideGroupLimit, decideMemoryLimit } from './memory-limit.ts';

test('a session gets the memory that it asks for, else what the agent gives, and never more than that', () => {
  const config = { sessionMemoryBytes: 512 };
  expect(decideMemoryLimit({ memoryBytes: null }, config)).toBe(512);
  expect(decideMemoryLimit({ memoryBytes: 100 }, config)).toBe(100);
  expect(decideMemoryLimit({ memoryBytes: 512 }, config)).toBe(512);
  expect(() => decideMemoryLimit({ memoryBytes: 513 }, config)).toThrow(
    expect.objectContaining({ code: 'invalidRequest' }),
  );
});

test.each([
  ['4Gi', 4096, 3072],
  ['1Gi', 1024, 768],
  ['512Mi', 512, 256],
  ['128Mi', 128, 64],
])('of %s, all sessions together get what leaves the agent its part', (_limit, container, sessions) => {
  const mib = 1024 * 1024;
  expect(decideGroupLimit(container * mib)).toBe(sessions * mib);
});
