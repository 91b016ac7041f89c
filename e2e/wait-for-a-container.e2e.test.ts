import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recordExample } from './cookbook/recorded-example.ts';
import { runCrashcart, startKubectl, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';

const namespace = 'wait-for-a-container';
const there = ['-n', namespace];
const image = 'crashcart.test/musl:1';

const container = (name: string, script: string, more: object = {}) => ({
  ...{ name, image, command: ['sh', '-c', script] },
  ...more,
});
const shared = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] };
const untilGo = 'while ! [ -e /shared/go ]; do sleep 0.1; done';
const stay = 'while :; do sleep 1; done';

function describePod(name: string, spec: object) {
  const all = { terminationGracePeriodSeconds: 1, ...spec };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec: all };
}

/** A client that waits, and what it has written. */
interface Waiting {
  client: ChildProcessWithoutNullStreams;
  output: { stdout: string; stderr: string };
  /** Its exit code. */
  ended: Promise<number | null>;
}

async function startWaiting(...args: string[]): Promise<Waiting> {
  const client = await startKubectl(['crashcart', ...there, ...args]);
  const output = { stdout: '', stderr: '' };
  client.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  client.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  client.stdin.end();
  const ended = once(client, 'close').then(([code]) => code as number | null);
  return { client, output, ended };
}

let followed: Waiting;

beforeAll(async () => {
  await createTestNamespace(namespace);
  const nowhere = { nodeSelector: { 'crashcart.test/nowhere': 'true' } };
  await createObjects([
    describePod('initializing', {
      volumes: [{ name: 'shared', emptyDir: {} }],
      initContainers: [container('setup', untilGo, shared)],
      containers: [container('app', stay, shared)],
    }),
    describePod('crash-looping', { containers: [container('app', 'sleep 2; exit 7')] }),
    describePod('completed', { restartPolicy: 'Never', containers: [container('app', 'exit 0')] }),
    describePod('unschedulable', { ...nowhere, containers: [container('app', stay)] }),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'scaled', namespace },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'scaled' } },
        template: {
          metadata: { labels: { app: 'scaled' } },
          spec: { terminationGracePeriodSeconds: 1, containers: [container('app', stay)] },
        },
      },
    },
  ]);
  // It is followed while the other tests run: the kubelet waits longer and longer between its starts.
  followed = await startWaiting('crash-looping', '--follow', '--', 'sh', '-c', 'echo entered; sleep 600');
}, 90_000);

afterAll(async () => {
  followed.client.kill('SIGTERM');
  await leaveTestNamespace(namespace);
}, 60_000);

describe('--wait', () => {
  test('waits for the init containers, says so once, and enters when the container runs', async () => {
    const { output, ended } = await startWaiting('initializing', '-c', 'app', '--wait', '--', 'echo', 'in');
    await waitUntil('it waits', () => Promise.resolve(output.stderr.includes('\n')), 40_000);
    expect(output.stderr).toMatch(/^note: waiting at most 600 s until the target runs: .*\n$/);
    const go = ['initializing', ...there, '-c', 'setup', '--wait', '-q', '--', 'touch', '/target/shared/go'];
    expect(await runCrashcart(go)).toMatchObject({ code: 0, stderr: '' });
    expect(await ended).toBe(0);
    expect(output).toMatchObject({ stdout: 'in\n', stderr: expect.stringMatching(/^note: .*\n$/) });
  }, 90_000);

  test('waits for the first pod of a workload', async () => {
    const { output, ended } = await startWaiting('deploy/scaled', '--wait', '--', 'echo', 'in');
    await expectSuccess(['scale', 'deployment/scaled', '--replicas=1', ...there]);
    expect(await ended).toBe(0);
    expect(output.stdout).toBe('in\n');
  }, 60_000);

  test('enters a container between two crashes; without it, the error names it', async () => {
    let refused = '';
    await waitUntil('it is found between two runs', async () => {
      refused = (await runCrashcart(['crash-looping', ...there, '--', 'true'])).stderr;
      return refused.includes('is crash-looping');
    });
    expect(refused).toContain('With --wait, the session begins when it runs.');
    const args = ['crash-looping', ...there, '--wait', '-q', '--', 'echo', 'in'];
    const entered = await runCrashcart(args, { timeoutMs: 90_000 });
    await recordExample('crash-loop', args, entered);
    expect(entered).toMatchObject({ code: 0, stderr: '' });
    expect(entered.stdout.toString()).toBe('in\n');
  }, 120_000);

  test('does not wait for what won’t run again, nor for what is not there', async () => {
    const completed = await runCrashcart(['completed', ...there, '--wait', '--', 'true']);
    expect(completed).toMatchObject({ code: 125 });
    expect(completed.stderr).toContain('has completed: exit code 0 (Completed)');
    const missing = await runCrashcart(['nosuch', ...there, '--wait', '--', 'true']);
    expect(missing).toMatchObject({ code: 125, stderr: expect.stringContaining('was not found') });
  });

  test('has a limit, which tells what was waited for', async () => {
    const limit = ['--wait', '--pod-running-timeout', '1s', '-q', '--', 'true'];
    const { code, stderr } = await runCrashcart(['unschedulable', ...there, ...limit]);
    expect(code).toBe(125);
    expect(stderr).toMatch(
      /^error: the target did not run within 1 s: pod "unschedulable" is pending: Unschedulable \(0\/\d+ nodes/,
    );
  });

  test('is ended by Ctrl-C without a word', async () => {
    const { client, output, ended } = await startWaiting('unschedulable', '--wait', '--', 'true');
    await waitUntil('it waits', () => Promise.resolve(output.stderr.includes('\n')));
    client.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(output.stderr).toMatch(/^note: waiting .*\n$/);
  });

  test('makes no sense for a node', async () => {
    const { code, stderr } = await runCrashcart(['node/any', '--wait', '--', 'true']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: --wait is for containers: the target is a node\n/);
  });
});

test('--follow enters each run of a container that crashes, and calls no end an error', async () => {
  const { output } = followed;
  const countEntered = () => output.stdout.match(/entered\n/g)?.length ?? 0;
  await waitUntil('it has entered twice', () => Promise.resolve(countEntered() >= 2), 60_000);
  expect(output.stderr).toMatch(
    /^note: container "app" of pod "crash-looping" ended: exit code 7 \(Error\); its next start is waited for$/m,
  );
  expect(output.stderr).not.toContain('error:');
}, 90_000);
