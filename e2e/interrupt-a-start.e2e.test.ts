import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { startRequestFaultServer } from './faults/request-fault-server.ts';
import { runCrashcart, startKubectl, waitUntil } from './harness/command-run.ts';
import { interruptStart, removeAgents } from './harness/interrupted-start.ts';
import { listProcesses, readCommandLine } from './harness/node-processes.ts';
import { startClient } from './harness/started-session.ts';
import {
  createTestNamespace,
  expectSuccess,
  leaveTestNamespace,
  privilegedLabels,
} from './harness/test-namespace.ts';

const warm = 'interrupt-warm';
const cold = 'interrupt-cold';

beforeAll(async () => {
  await Promise.all([warm, cold].map((name) => createTestNamespace(name, privilegedLabels)));
}, 60_000);
afterAll(async () => {
  await Promise.all([warm, cold].map(leaveTestNamespace));
}, 90_000);

const sessionIn = (agents: string) => ['musl', '-n', 'targets', '-q', '--agent-namespace', agents];

// Every 10 ms: e2e/faults/interrupt-at-any-moment.soak.test.ts.
describe('a client that is interrupted while its session opens', () => {
  test.each([
    [250, 'SIGINT', 130],
    [350, 'SIGTERM', 143],
    [450, 'SIGHUP', 129],
    [550, 'SIGINT', 130],
    [650, 'SIGTERM', 143],
    [800, 'SIGTERM', 143],
  ] as const)('after %d ms, by %s, leaves no command and no tracer', async (afterMs, signal, code) => {
    // So that its agent is not this client's.
    expect((await runCrashcart([...sessionIn(warm), '--', 'true'])).code).toBe(0);
    const { processes, ...end } = await interruptStart(warm, afterMs, signal);
    expect({ ...end, jobs: [] }).toEqual({ code, stderr: '', jobs: [] });
    expect(processes).toEqual([]);
  });

  test.each([
    [400, 'SIGTERM', 143],
    [700, 'SIGINT', 130],
    [1000, 'SIGHUP', 129],
    [1300, 'SIGTERM', 143],
  ] as const)('after %d ms, by %s, leaves no agent that was made for it', async (afterMs, signal, code) => {
    await removeAgents(cold);
    expect(await interruptStart(cold, afterMs, signal)).toEqual({
      code,
      stderr: '',
      processes: [],
      jobs: [],
    });
  });

  test('leaves no agent that was made for it, though the answer that tells so was lost', async () => {
    await removeAgents(cold);
    const server = await startRequestFaultServer();
    const askedAgain = Promise.withResolvers<void>();
    let creations = 0;
    server.behaviour.spoil = ({ method, path }) => {
      if (method !== 'POST' || !path.includes('/jobs')) return null;
      creations++;
      if (creations === 2) askedAgain.resolve();
      return creations === 1 ? 'answer lost' : null;
    };
    try {
      const { client, ended } = await startClient([...sessionIn(cold), ...server.flags], 'sleep 1000');
      await askedAgain.promise;
      client.kill('SIGINT');
      expect(await ended).toMatchObject({ code: 130, stderr: '' });
      expect(await expectSuccess(['get', 'jobs', '-n', cold, '-o', 'name'])).toBe('');
    } finally {
      server.close();
    }
  });

  test('by SIGKILL leaves a command to the agent, which ends it after its time without a client', async () => {
    expect((await runCrashcart([...sessionIn(warm), '--', 'true'])).code).toBe(0);
    const marker = randomUUID();
    const args = [...sessionIn(warm), '--grace', '2s', '--', 'sh', '-c', `sleep 1000; : ${marker}`];
    const client = await startKubectl(['crashcart', ...args]);
    await delay(600);
    client.kill('SIGKILL');
    await waitUntil('nothing of it runs', () =>
      Promise.resolve(!listProcesses().some((pid) => readCommandLine(pid).includes(marker))),
    );
  });

  test('leaves an agent that another client uses by now', async () => {
    await removeAgents(cold);
    const other = startKubectl(['crashcart', ...sessionIn(cold), '--', 'sh', '-c', 'echo open; sleep 1000']);
    const [client] = await Promise.all([other, interruptStart(cold, 1500, 'SIGTERM')]);
    const opened = new Promise((resolve) => client.stdout.once('data', resolve));
    await opened;
    await delay(1000);
    expect(client.exitCode).toBeNull();
    client.kill('SIGTERM');
  });
});
