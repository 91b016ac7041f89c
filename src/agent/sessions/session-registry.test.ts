import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { SessionRegistry } from './session-registry.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

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
