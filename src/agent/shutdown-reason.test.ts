import { expect, test } from '@jest/globals';
import { describeShutdown } from './shutdown-reason.ts';

const config = { node: 'node-1', idleMs: 300_000 };
const day = 24 * 60 * 60;

test('an agent that is ended early says that it was told to end', () => {
  expect(describeShutdown(config, 3600)).toBe(
    'the agent on the node "node-1" was told to end: its pod is deleted, or the node shuts down',
  );
});

test('one whose Job has reached its deadline says so, though it was started a while after its Job', () => {
  const message = 'the agent on the node "node-1" has run for 24 h, and no agent runs for longer';
  expect(describeShutdown(config, day - 60)).toBe(message);
  expect(describeShutdown(config, day)).toBe(message);
});

test('one that is installed has no deadline, however long it has run', () => {
  expect(describeShutdown({ ...config, idleMs: null }, 7 * day)).toContain('was told to end');
});
