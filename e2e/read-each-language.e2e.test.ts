import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recordChecks } from './cookbook/recorded-example.ts';
import { runCrashcart } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';
import { languageChecks } from './toolbox/language-checks.ts';
import {
  type CheckResult,
  formatCheckScript,
  parseCheckOutput,
  type ToolChecks,
} from './toolbox/tool-check.ts';

const namespace = 'languages';
const limitMs = 4 * 60_000;

/** Its program is busy, as far as it may: the tests share the machine. */
function describeContainer(
  name: string,
  args: string[],
  { image = 'runtimes', withTmp = false } = {},
): object {
  return {
    ...{ name, image: `crashcart.test/${image}:1`, args },
    resources: { limits: { cpu: '150m', memory: '256Mi' }, requests: { cpu: '10m', memory: '16Mi' } },
    securityContext: {
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
      capabilities: { drop: ['ALL'] },
    },
    ...(withTmp ? { volumeMounts: [{ name: 'tmp', mountPath: '/tmp', subPath: name }] } : {}),
  };
}

const java = ['java', '-Xmx64m', '-XX:TieredStopAtLevel=1', '-cp', '/app'];
const pod = {
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'shop', namespace } },
  spec: {
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsNonRoot: true, fsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    volumes: [{ name: 'tmp', emptyDir: {} }],
    containers: [
      describeContainer('java', [...java, 'Shop'], { withTmp: true }),
      describeContainer('java-closed', [...java, '-XX:+DisableAttachMechanism', 'Shop', 'idle'], {
        withTmp: true,
      }),
      describeContainer('java-read-only', [...java, 'Shop', 'idle']),
      describeContainer('python', [
        ...['tini', '--', 'gunicorn', '--workers', '2', '--worker-tmp-dir', '/dev/shm'],
        ...['--bind', '127.0.0.1:8000', 'shop:answer'],
      ]),
      describeContainer('node', ['sh', '-c', 'node shop.mjs & wait']),
      describeContainer('node-with-names', ['tini', '--', 'node', '--perf-basic-prof', 'shop.mjs'], {
        withTmp: true,
      }),
      describeContainer('ruby', ['sh', '-c', 'ruby /app/shop.rb & wait']),
      describeContainer('php', ['php-fpm8.2', '--nodaemonize', '--fpm-config', 'php-fpm.conf'], {
        withTmp: true,
      }),
      describeContainer('php-client', ['sh', '-c', askPHP()]),
      describeContainer('mono', ['tini', '--', 'mono', 'shop.exe']),
      describeContainer(
        'dotnet',
        ['sh', '-c', 'COMPlus_PerfMapEnabled=1 /usr/lib/dotnet/dotnet shop.exe & wait'],
        { withTmp: true },
      ),
      describeContainer('go', [], { image: 'go' }),
      { ...describeContainer('go-stripped', [], { image: 'go' }), command: ['/shop-stripped'] },
    ],
  },
};

/** One request, which never ends, once the server listens. */
function askPHP(): string {
  const request = 'SCRIPT_FILENAME=/app/shop.php REQUEST_METHOD=GET cgi-fcgi -bind -connect 127.0.0.1:9000';
  return `until ${request}; do sleep 0.5; done`;
}

/** By container: by the name of the check, or why none of them ran. */
const results = new Map<string, Map<string, CheckResult> | Error>();

beforeAll(async () => {
  await createTestNamespace(namespace, { 'pod-security.kubernetes.io/enforce': 'restricted' });
  await createObjects([pod]);
  await expectSuccess(['wait', '-n', namespace, 'pod/shop', '--for=condition=Ready', '--timeout=50s']);
  // Three at a time: each waits for samples, and for a program that may use little CPU.
  const waiting = Object.entries(languageChecks);
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      results.set(next[0], await runChecks(...next).catch((error: Error) => error));
  };
  await Promise.all([work(), work(), work()]);
}, limitMs);

afterAll(() => deleteTestNamespace(namespace), 60_000);

/** All checks of a container in one session, one after the other. */
async function runChecks(container: string, checks: ToolChecks): Promise<Map<string, CheckResult>> {
  const target = ['shop', '-c', container, '-n', namespace];
  const args = [...target, '-q', '-i', '--', 'bash', '-s'];
  const { stdout, stderr } = await runCrashcart(args, {
    input: formatCheckScript(checks),
    timeoutMs: limitMs,
  });
  const found = parseCheckOutput(stdout.toString());
  if (found.size === 0) throw new Error(`no check of ${container} ran: ${stderr}`);
  await recordChecks(target, checks, found);
  return found;
}

test('Mono’s stacks are in the log of its container', async () => {
  const log = await expectSuccess(['logs', 'shop', '-c', 'mono', '-n', namespace]);
  expect(log).toMatch(/^ {2}at Shop\.CountPrimes \(int\) [^]*^ {2}at Shop\.WaitForStock \(object\) /m);
});

describe.each(Object.entries(languageChecks))('of %s', (container, checks) => {
  test.each(Object.entries(checks))('%s', (name, { shows }) => {
    const found = results.get(container);
    if (found instanceof Error) throw found;
    expect(found?.get(name)).toEqual({ output: expect.stringMatching(shows), code: 0 });
  });
});
