import { beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart } from './harness/command-run.ts';
import { fakeJVM, hostileInputChecks } from './toolbox/hostile-input-checks.ts';
import { type CheckResult, formatCheckScript, parseCheckOutput } from './toolbox/tool-check.ts';

/** All of them in one session, one after the other. */
const limitMs = 5 * 60_000;

describe('what others have made to be parsed', () => {
  let results: Map<string, CheckResult>;

  beforeAll(async () => {
    const { stdout, stderr } = await runCrashcart(['musl', '-n', 'targets', '-q', '-i', '--', 'bash', '-s'], {
      input: formatCheckScript(hostileInputChecks),
      timeoutMs: limitMs,
    });
    results = parseCheckOutput(stdout.toString());
    if (results.size === 0) throw new Error(`no check ran: ${stderr}`);
  }, limitMs);

  test.each(Object.entries(hostileInputChecks))('%s', (name, { shows }) => {
    expect(results.get(name)).toEqual({ output: expect.stringMatching(shows), code: 0 });
  });
});

test.each(['host-pid', 'shared-pid'])(
  'a JVM in %s, which can link to others’ files, is not asked',
  async (pod) => {
    const script = `${fakeJVM} ./java jvm.py answers & pid=$!; sleep 0.5; recipe heap -p $pid; code=$?; kill $pid; exit $code`;
    const args = [pod, '-n', 'targets', '-q', '--workdir', '/tmp', '--', 'bash', '-c', script];
    expect(await runCrashcart(args)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('shares its PID namespace with more than its container'),
    });
  },
);
