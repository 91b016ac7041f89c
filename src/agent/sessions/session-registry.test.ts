import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ProblemError } from '../../session-api/problem.ts';
import { maxOutputBufferBytes, sessionSpecSchema } from '../../session-api/session-spec.ts';
import { SessionRegistry } from './session-registry.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

/** @returns whether an agent without sessions has ended after a time. */
function isOverAfter(ms: number, idleMs: number | null): boolean {
  const onIdle = jest.fn();
  const config = { node: 'node-1', idleMs, sessionMemoryBytes: 1, toolbox: '/toolbox' };
  const registry = new SessionRegistry(config, 1, onIdle);
  jest.advanceTimersByTime(ms);
  expect(registry.draining).toBe(onIdle.mock.calls.length === 1);
  return registry.draining;
}

test('an agent that is idle ends after its time', () => {
  expect(isOverAfter(299, 300)).toBe(false);
  expect(isOverAfter(300, 300)).toBe(true);
});

test('one without such a time stays', () => {
  expect(isOverAfter(365 * 24 * 3600 * 1000, null)).toBe(false);
});

test('sessions that start at once are not given more memory than there is', async () => {
  jest.useRealTimers();
  jest.spyOn(console, 'log').mockReturnValue();
  const config = { node: 'node-1', idleMs: null, sessionMemoryBytes: 1, toolbox: '/toolbox' };
  const registry = new SessionRegistry(config, 100, () => undefined);
  const spec = sessionSpecSchema.parse({
    target: {
      kind: 'container',
      ...{ namespace: 'none', pod: 'none', podUID: 'none', container: 'none' },
      containerID: `containerd://${'0'.repeat(64)}`,
    },
    ...{ command: ['true'], terminal: null, stdin: false, client: randomUUID() },
    ...{ graceSeconds: 1, keepSeconds: null, outputBufferBytes: maxOutputBufferBytes },
    audit: { claimedUser: null, tunnelID: randomUUID(), reason: null },
  });
  const starts = Array.from({ length: 4 }, () => registry.start(randomUUID(), () => Promise.resolve(spec)));
  const results = await Promise.allSettled(starts);
  const codes = results.map((result) => result.status === 'rejected' && (result.reason as ProblemError).code);
  // There is no such container: what fails for that had its room.
  expect(codes).toEqual(['containerNotFound', 'containerNotFound', 'capacity', 'capacity']);
});
