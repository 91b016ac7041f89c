import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCrashcart } from '../harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from '../harness/test-namespace.ts';

const agents = 'slow-agents';
const flags = ['musl', '-n', 'targets', '-q', '--agent-namespace', agents, '--agent-idle', '30s'];

beforeAll(async () => {
  await createTestNamespace(agents, privilegedLabels);
  // As on a node whose processors are all taken: an agent has a twentieth of one.
  const limits = [{ type: 'Container', default: { cpu: '50m' }, defaultRequest: { cpu: '50m' } }];
  const metadata = { name: 'slow', namespace: agents };
  await createObjects([{ apiVersion: 'v1', kind: 'LimitRange', metadata, spec: { limits } }]);
}, 60_000);
afterAll(() => deleteTestNamespace(agents), 60_000);

test('an agent that takes long to listen is waited for, and is the only one', async () => {
  const run = () =>
    runCrashcart([...flags, '--timeout', '4m', '--', 'echo', 'at last'], { timeoutMs: 240_000 });
  const results = await Promise.all([run(), run()]);
  expect(results.map(({ code, stdout, stderr }) => [code, stdout.toString(), stderr])).toEqual([
    [0, 'at last\n', ''],
    [0, 'at last\n', ''],
  ]);
  const pods = await expectSuccess(['get', 'pods', '-n', agents, '-o', 'name']);
  expect(pods.trim()).toMatch(/^pod\/crashcart-\S+$/);
}, 250_000);
