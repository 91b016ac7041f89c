import { expect, test } from '@jest/globals';
import { readAgentConfig } from './agent-config.ts';

test('an agent ends when it has been idle, but for one whose idle time is 0', () => {
  expect(readAgentConfig({ CRASHCART_IDLE_SECONDS: '20' }).idleMs).toBe(20_000);
  expect(readAgentConfig({ CRASHCART_IDLE_SECONDS: '0' }).idleMs).toBeNull();
  expect(readAgentConfig({}).idleMs).toBe(300_000);
  expect(() => readAgentConfig({ CRASHCART_IDLE_SECONDS: '-1' })).toThrow();
});

test('an agent’s idle time is no longer than a timer can be', () => {
  expect(readAgentConfig({ CRASHCART_IDLE_SECONDS: '86400' }).idleMs).toBe(86_400_000);
  expect(() => readAgentConfig({ CRASHCART_IDLE_SECONDS: '86401' })).toThrow();
});
