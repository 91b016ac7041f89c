import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';
import { hostileChecks, hostileFiles } from './toolbox/hostile-checks.ts';
import { type CheckResult, formatCheckScript, parseCheckOutput } from './toolbox/tool-check.ts';

const namespace = 'hostile-files';
const pod = 'hostile-files';
const limitMs = 3 * 60_000;

describe('files and processes that a target has prepared', () => {
  let results: Map<string, CheckResult>;

  beforeAll(async () => {
    await createTestNamespace(namespace);
    await createObjects([
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: pod, namespace },
        spec: {
          terminationGracePeriodSeconds: 2,
          containers: [{ name: 'app', image: 'crashcart.test/musl:1' }],
        },
      },
    ]);
    await expectSuccess(['wait', '--for=condition=Ready', `pod/${pod}`, '-n', namespace, '--timeout=30s']);
    await expectSuccess(['exec', '-n', namespace, pod, '--', 'busybox', 'sh', '-c', hostileFiles]);
    const { stdout } = await runCrashcart([pod, '-n', namespace, '-q', '-i', '--', 'bash', '-s'], {
      input: formatCheckScript(hostileChecks),
      timeoutMs: limitMs,
    });
    results = parseCheckOutput(stdout.toString());
  }, limitMs + 60_000);
  afterAll(() => leaveTestNamespace(namespace), 60_000);

  test.each(Object.entries(hostileChecks))('%s', (name, { shows }) => {
    expect(results.get(name)).toEqual({ output: expect.stringMatching(shows), code: 0 });
  });
});
