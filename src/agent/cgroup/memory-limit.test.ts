import { expect, test } from '@jest/globals';
import { decideMemoryLimit } from './memory-limit.ts';

test('a session gets the memory that it asks for, else what the agent gives, and never more than that', () => {
  const config = { sessionMemoryBytes: 512 };
  expect(decideMemoryLimit({ memoryBytes: null }, config)).toBe(512);
  expect(decideMemoryLimit({ memoryBytes: 100 }, config)).toBe(100);
  expect(decideMemoryLimit({ memoryBytes: 512 }, config)).toBe(512);
  expect(() => decideMemoryLimit({ memoryBytes: 513 }, config)).toThrow(
    expect.objectContaining({ code: 'invalidRequest' }),
  );
});
