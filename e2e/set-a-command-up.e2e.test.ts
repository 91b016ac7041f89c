import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recordExample } from './cookbook/recorded-example.ts';
import { runCrashcart, runKubectl, startKubectl, waitForOutput, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

const namespace = 'set-up';
const agents = 'set-up-agents';
/** Runs as 1000:1000, with further groups and with variables of each kind. */
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'app', namespace },
  spec: {
    terminationGracePeriodSeconds: 2,
    securityContext: { runAsUser: 1000, runAsGroup: 2000, supplementalGroups: [3000, 3001] },
    containers: [
      {
        name: 'app',
        image: 'crashcart.test/debian:1',
        env: [
          { name: 'DATABASE_URL', value: 'postgres://a:b=c@d' },
          { name: 'LD_PRELOAD', value: '/target-preload.so' },
          { name: 'BASH_ENV', value: '/target-profile' },
          { name: 'PYTHONSTARTUP', value: '/target.py' },
          { name: 'TAR_OPTIONS', value: '--checkpoint-action=exec=id' },
        ],
      },
    ],
  },
};

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createTestNamespace(agents, privilegedLabels);
  await createObjects([pod]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/app', '-n', namespace, '--timeout=60s']);
}, 180_000);

afterAll(async () => {
  await leaveTestNamespace(namespace);
  await leaveTestNamespace(agents);
}, 120_000);

const app = ['app', '-n', namespace, '--agent-namespace', agents];
const musl = ['musl', '-n', 'targets', '--agent-namespace', agents];

async function run(target: string[], flags: string[], script: string, env?: NodeJS.ProcessEnv) {
  const command = ['--', 'sh', '-c', script];
  const { code, stdout, stderr } = await runCrashcart([...target, ...flags, ...command], env ? { env } : {});
  return { code, stdout: stdout.toString(), stderr };
}

describe('--env', () => {
  test('gives variables, of the command line or of one’s own, that nothing evaluates', async () => {
    const flags = ['--env', 'ONE=$(id) `id`\n"x" \\', '--env', 'MINE', '--env', 'EMPTY='];
    expect(
      await run(musl, flags, 'printf "%s|%s|%s" "$ONE" "$MINE" "${EMPTY-unset}"', { MINE: 'my own' }),
    ).toEqual({ code: 0, stdout: '$(id) `id`\n"x" \\|my own|', stderr: '' });
  });

  test('keeps values from who looks at processes, and from what comes before the command', async () => {
    const flags = ['--env', 'SECRET=hunter2', '--env', 'LD_PRELOAD=/no/such.so'];
    const { code, stdout, stderr } = await run(
      musl,
      flags,
      'cat /proc/[0-9]*/cmdline | grep -ac "hunt[e]r2"',
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '0\n' });
    // By sh, cat and grep, and by nothing that has entered the target before.
    expect(stderr.match(/ld\.so: object '\/no\/such\.so'/g)).toHaveLength(3);
  });

  test.each([
    ['--env', '1X=2'],
    ['--env', 'NOT_THERE_AT_ALL'],
    ['--env', '=x'],
  ])('refuses %s %s', async (...flags) => {
    expect((await run(musl, flags, 'true')).code).toBe(2);
  });
});

describe('--workdir', () => {
  test('is where the command starts, in the toolbox or in the target', async () => {
    expect(await run(musl, ['--workdir', '/usr/share'], 'pwd; echo "$PWD"')).toMatchObject({
      code: 0,
      stdout: '/usr/share\n/usr/share\n',
    });
    const { stdout } = await run(musl, ['--workdir', '/target/etc'], 'cat hostname');
    expect(stdout.trim()).toBe('musl');
  });

  test('that is not there is told', async () => {
    expect(await run(musl, ['--workdir', '/no/such'], 'true')).toEqual({
      code: 125,
      stdout: '',
      stderr: 'error: the target could not be entered: session-init: /no/such: No such file or directory\n',
    });
  });
});

describe('--run-as', () => {
  test('target: has the target’s user and groups, no rights beyond, and sees its files', async () => {
    const script = [
      'id -u; id -g; id -G',
      'grep -E "CapEff|NoNewPrivs" /proc/self/status',
      'cat /target/etc/hostname',
      'echo told >/dev/stderr',
      'kill -0 1 && echo may signal',
      'touch /etc/probe 2>/dev/null || echo no root',
      'echo "$HOME $PWD"',
    ].join('; ');
    const { code, stdout, stderr } = await run(app, ['--run-as', 'target'], script);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout:
        '1000\n2000\n2000 3000 3001\nCapEff:\t0000000800000000\nNoNewPrivs:\t1\napp\nmay signal\nno root\n/tmp /tmp\n',
      stderr: 'told\n',
    });
  });

  test('target: may write where the target may', async () => {
    const args = [...app, '--run-as', 'target', '--', 'touch', '/target/etc/probe'];
    const result = await runCrashcart(args);
    await recordExample('permissions', args, result);
    expect({ code: result.code, stderr: result.stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^touch: .*'\/target\/etc\/probe': Permission denied$/m),
    });
  });

  test('UID:GID: is that user, without groups', async () => {
    expect(await run(musl, ['--run-as', '4711:4712'], 'id -u; id -G')).toMatchObject({
      stdout: '4711\n4712\n',
    });
    expect(await run(musl, ['--run-as', '4711'], 'id -u; id -G')).toMatchObject({ stdout: '4711\n4711\n' });
  });

  test('target: stays root with all its rights where the target is root', async () => {
    const { stdout } = await run(
      musl,
      ['--run-as', 'target'],
      'id -u; cat /target/etc/hostname; touch /etc/probe && echo wrote',
    );
    expect(stdout).toBe('0\nmusl\nwrote\n');
  });

  test('keeps the session from the target, which is the same user', async () => {
    const child = await startKubectl([
      ...['crashcart', ...app, '--run-as', 'target', '--env', 'SECRET=hunter2'],
      ...['--', 'sh', '-c', 'echo begun; exec sleep 4252'],
    ]);
    const ended = once(child, 'close');
    try {
      await waitForOutput(child);
      const find = 'for p in /proc/[0-9]*; do if grep -aq "^sleep.4252" $p/cmdline; then found=$p; fi; done';
      const inTarget = (script: string) =>
        runKubectl(['exec', '-n', namespace, 'app', '--', 'sh', '-c', `${find}; ${script}`]);
      await waitUntil('the command is seen in the target', async () =>
        (await inTarget('cat $found/comm')).stdout.equals(Buffer.from('sleep\n')),
      );
      for (const file of ['environ', 'maps', 'root/etc/hostname']) {
        const { code, stdout, stderr } = await inTarget(`cat $found/${file}`);
        expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toContain('Permission denied');
      }
      // What it may look at, it can.
      expect((await inTarget('cat /proc/1/environ')).code).toBe(0);
    } finally {
      child.kill('SIGINT');
      await ended;
    }
  });

  test.each(['nobody', '-1', '1:', '4294967295', '1:2:3'])('refuses %s', async (user) => {
    expect((await run(musl, [`--run-as=${user}`], 'true')).code).toBe(2);
  });
});

describe('--import-env', () => {
  test('has what the application is configured by, and nothing that programs obey', async () => {
    const { code, stdout, stderr } = await run(app, ['--import-env', '--env', 'OWN=1'], 'env');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^DATABASE_URL=postgres:\/\/a:b=c@d$/m);
    expect(stdout).toMatch(/^KUBERNETES_SERVICE_HOST=/m);
    expect(stdout).toMatch(/^OWN=1$/m);
    expect(stdout).toMatch(/^HOME=\/root$/m);
    expect(stdout).not.toMatch(/LD_PRELOAD|BASH_ENV|PYTHONSTARTUP|TAR_OPTIONS/);
  });
});

describe('--mem-limit', () => {
  test('ends what takes more', async () => {
    const python = ['python3', '-c', 'x = b"x" * (200 * 1024 * 1024)'];
    const { code, stderr } = await runCrashcart([...musl, '--mem-limit', '64Mi', '--', ...python]);
    expect(code).toBe(137);
    expect(stderr).toMatch(/^error: the session reached its memory limit/);
    expect((await runCrashcart([...musl, '--', ...python])).code).toBe(0);
  });

  test.each(['2000Gi', '1Mi', 'much'])('refuses %s', async (size) => {
    const { code, stderr } = await run(musl, ['--mem-limit', size], 'true');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: /);
  });
});

describe('--scratch', () => {
  const fill = (mebibytes: number) => `head -c ${mebibytes}M /dev/zero >/tmp/file && stat -c %s /tmp/file`;

  test('gives the files of a session more room, with the memory for it', async () => {
    const without = await run(musl, [], fill(300));
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('No space left on device') });
    const { code, stdout } = await run(musl, ['--scratch', '600Mi'], fill(550));
    expect({ code, text: stdout }).toEqual({ code: 0, text: `${550 * 1024 * 1024}\n` });
  });

  test('is refused with the reason, where the agent or the session has no memory for it', async () => {
    const large = await run(musl, ['--scratch', '3Gi'], 'true');
    expect(large.code).toBe(125);
    expect(large.stderr).toMatch(
      /^error: the session is to have 3328 MiB of memory, and all sessions of this agent together have \d+ MiB, .*\n.*--agent-resource limits\.memory/m,
    );
    const small = await run(musl, ['--scratch', '64Mi', '--mem-limit', '32Mi'], 'true');
    expect(small.code).toBe(125);
    expect(small.stderr).toContain("count to the session's memory of 32 MiB");
  });
});
