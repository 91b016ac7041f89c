import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findAgentProcess } from './harness/agent-process.ts';
import { killNodeProcess } from './harness/node-processes.ts';
import { runCrashcart, waitUntil } from './harness/command-run.ts';
import { startSession } from './harness/started-session.ts';
import {
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

const agents = 'clean-up';
const access = ['--agent-namespace', agents];
const target = ['musl', '-n', 'targets', '-q', ...access];

beforeAll(() => createTestNamespace(agents, privilegedLabels), 60_000);
afterAll(() => leaveTestNamespace(agents), 60_000);

const listJobs = async () => {
  const jobs = await expectSuccess(['get', 'jobs', '-n', agents, '-o', 'name']);
  return jobs.split('\n').filter(Boolean);
};

async function clean(...flags: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await runCrashcart(['clean', ...access, ...flags]);
  return { code, stdout: stdout.toString(), stderr };
}

/** Makes the agent look as if another version of the plugin had made it. */
const makeOlder = () =>
  expectSuccess(['annotate', 'jobs', '--all', '-n', agents, '--overwrite', 'crashcart.dev/version=0.0.1']);

test('an agent that can still be used is left alone', async () => {
  expect((await runCrashcart([...target, '--', 'true'])).code).toBe(0);
  expect(await clean()).toEqual({ code: 0, stdout: '', stderr: 'Nothing to remove.\n' });
  expect(await listJobs()).toHaveLength(1);
});

test('one of another version is removed, but not while a session runs in it, unless that is forced', async () => {
  const { client, ended } = await startSession(target);
  await makeOlder();
  const kept = await clean();
  expect(kept.stdout).toMatch(
    /^AGENT +NODE +WHY +ACTION\ncrashcart-\S+ +node-\d +it has version 0\.0\.1, the plugin has \S+ +kept: a session runs \(--force removes it\)\n$/,
  );
  expect(await listJobs()).toHaveLength(1);
  expect((await clean('--dry-run=server', '--force')).stdout).toContain('would be removed');
  expect(await listJobs()).toHaveLength(1);
  expect((await clean('--force')).stdout).toMatch(/removed\n$/);
  expect((await ended).code).toBe(125);
  expect(client.exitCode).toBe(125);
  await waitUntil('the Job is gone', async () => (await listJobs()).length === 0);
});

test('one that is idle is removed at once with --all', async () => {
  expect((await runCrashcart([...target, '--', 'true'])).code).toBe(0);
  expect((await clean('--all')).stdout).toMatch(/--all +removed\n$/);
  await waitUntil('the Job is gone', async () => (await listJobs()).length === 0);
});

test('one that still has to tell how a detached session ended is kept until it has', async () => {
  const { stdout } = await runCrashcart([...target, '--detach', '--', 'sh', '-c', 'exit 3']);
  const id = stdout.toString().trim();
  await waitUntil('the session has ended', async () => {
    const { stdout } = await runCrashcart(['sessions', ...access, '-o', 'json']);
    return stdout.toString().includes('"isEndAwaited": true');
  });
  expect((await clean('--all')).stdout).toMatch(
    /kept: 1 detached session has ended unread \(--force removes it\)\n$/,
  );
  expect((await runCrashcart(['attach', id, ...access, '-q'])).code).toBe(3);
  // The agent learns a moment after the client that its answer has arrived.
  await waitUntil('it is removed', async () => (await clean('--all')).stdout.endsWith('removed\n'));
  await waitUntil('the Job is gone', async () => (await listJobs()).length === 0);
});

test('one that has failed is removed', async () => {
  expect((await runCrashcart([...target, '--', 'true'])).code).toBe(0);
  killNodeProcess(await findAgentProcess(agents), 'SIGKILL');
  await waitUntil('the Job has failed', async () => {
    const path = 'jsonpath={.items[*].status.conditions[*].type}';
    return (await expectSuccess(['get', 'jobs', '-n', agents, '-o', path])).includes('Failed');
  });
  expect((await clean()).stdout).toMatch(/it has failed: BackoffLimitExceeded +removed\n$/);
});
