import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isRecording, recordExample } from './cookbook/recorded-example.ts';
import { type CommandResult, runCrashcart, waitUntil } from './harness/command-run.ts';
import { startSession } from './harness/started-session.ts';
import {
  createObjects,
  createTestNamespace,
  expectSuccess,
  leaveTestNamespace,
} from './harness/test-namespace.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const namespace = 'look-into-what-has-ended';
const there = ['-n', namespace];
const image = 'crashcart.test/musl:1';

/** Ends with its files changed, with a folder of a volume's path moved away, and with links that lead out. */
const ending = [
  'echo written >/state',
  'echo kept >/data/file',
  'echo kept >/links/moved/file',
  'mkdir /moved',
  'mv /links /gone',
  'ln -s ../../../../.. /links',
  'ln -s /etc/debian_version /way-out',
  'echo the last words',
  'exit 7',
].join('\n');

const script = (name: string, text: string, more: object = {}) => ({
  ...{ name, image, command: ['sh', '-c', text] },
  ...more,
});

beforeAll(async () => {
  await createTestNamespace(namespace);
  const volumeMounts = [
    { name: 'data', mountPath: '/data' },
    { name: 'moved', mountPath: '/links/moved' },
  ];
  const volumes = [
    { name: 'data', emptyDir: {} },
    { name: 'moved', emptyDir: {} },
  ];
  const template = {
    spec: { restartPolicy: 'Never', containers: [script('app', 'echo made >/result; echo done')] },
  };
  await createObjects([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'crashed', namespace },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        initContainers: [script('setup', 'echo prepared >/prepared')],
        containers: [script('app', ending, { volumeMounts }), script('other', 'sleep 4254')],
        volumes,
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'looping', namespace },
      spec: { containers: [script('app', 'echo written >/state; exit 137')] },
    },
    { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'done', namespace }, spec: { template } },
  ]);
  await waitUntil('the Job is done', async () => (await get('job/done', '{.status.succeeded}')) === '1');
  await waitUntil('the other container runs', async () => (await get('pod/crashed', started)) !== '');
}, 120_000);

afterAll(() => leaveTestNamespace(namespace), 60_000);

const started = '{.status.containerStatuses[?(@.name=="other")].state.running.startedAt}';
const get = (object: string, path: string) =>
  expectSuccess(['get', object, ...there, '-o', `jsonpath=${path}`]);

const look = (target: string, flags: string[], text: string): Promise<CommandResult> =>
  runCrashcart([target, ...there, '--dead', ...flags, '--', 'sh', '-c', text]);

describe('a container that has crashed', () => {
  test('shows how it ended, its files, its volumes and its log; nothing can be changed or executed', async () => {
    const { code, stdout, stderr } = await look(
      'crashed',
      ['-c', 'app'],
      [
        'cat /target/state /target/data/file /target/moved/file',
        'tail -n 1 /target-log',
        'touch /target/new /target/data/new 2>/dev/null || echo read-only',
        '/target/bin/busybox true 2>/dev/null || echo $?',
        'ls /moved /target/etc/debian_version 2>/dev/null || echo inside',
        'target-path /state /way-out 2>/dev/null',
        'findmnt -n -o OPTIONS -T /target/data/file',
        'ls /sys/class/net',
        'echo /proc/[0-9]*',
      ].join('\n'),
    );
    const [written, kept, moved, log, change, execution, links, path, options, network, ...processes] = stdout
      .toString()
      .trimEnd()
      .split('\n');
    expect({ code, written, kept, moved }).toEqual({
      code: 0,
      written: 'written',
      kept: 'kept',
      moved: 'kept',
    });
    expect(log).toMatch(/ stdout F the last words$/);
    expect({ change, execution, links, path }).toEqual({
      ...{ change: 'read-only', execution: '126', links: 'inside', path: '/target/state' },
    });
    expect(options?.split(',')).toEqual(expect.arrayContaining(['ro', 'nosuid', 'nodev', 'noexec']));
    expect({ network, processes: processes.join(' ').split(' ').length }).toEqual({
      network: 'lo',
      processes: 2,
    });
    expect(stderr).toMatch(
      /^note: container "app" of pod "crashed" has ended: exit code 7 \(Error\); it ran from 20\S+Z to 20\S+Z$/m,
    );
    expect(stderr).not.toContain('warning');
    if (!isRecording) return;
    const args = ['crashed', ...there, '-c', 'app', '--dead', '--', 'cat', '/target/state'];
    await recordExample('ended-container', args, await runCrashcart(args));
  });

  test('has no process: what needs one says so', async () => {
    const recipe = await runCrashcart(['crashed', ...there, '--dead', '--tool', 'stacks']);
    expect(recipe).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no process of it') });
    const attaching = await runCrashcart(['crashed', ...there, '--dead', '--', 'gdb', '-p', '1']);
    expect(attaching).toMatchObject({ code: 2, stderr: expect.stringContaining('gdb needs a process') });
  });

  test('leaves no mount on its node: not during the session, and not after it', async () => {
    const [node, uid] = (await get('pod/crashed', '{.spec.nodeName} {.metadata.uid}')).split(' ');
    // The log's own path has it: other sessions may be there.
    const mount = `${uid}.* /target-log `;
    const find = `grep -l "${mount}" /proc/[0-9]*/mountinfo | wc -l; grep -c "${mount}" /proc/1/mountinfo`;
    const count = async () =>
      (await runCrashcart([`node/${node}`, '-q', '--', 'sh', '-c', find])).stdout.toString();
    const { client, ended } = await startSession(['crashed', ...there, '--dead', '-q']);
    expect(await count()).toMatch(/^[1-9]\d*\n0\n$/);
    client.kill('SIGTERM');
    await ended;
    await waitUntil('its mounts are gone', async () => (await count()) === '0\n0\n');
  });
});

test('an init container and a Job that have completed show their files', async () => {
  const [init, job] = await Promise.all([
    look('crashed', ['-c', 'setup', '-q'], 'cat /target/prepared'),
    look('job/done', [], 'cat /target/result; tail -n 1 /target-log'),
  ]);
  expect(init).toMatchObject({ code: 0, stderr: '' });
  expect(init.stdout.toString()).toBe('prepared\n');
  expect(job.stdout.toString()).toMatch(/^made\n.* stdout F done\n$/);
  expect(job.stderr).toMatch(/^note: .* has ended: exit code 0 \(Completed\); it ran from /);
});

test('a shell is beside the files by itself, and a command is not: it might be about processes', async () => {
  const terminal = await UserTerminal.open(`kubectl crashcart job/done -n ${namespace}`);
  await terminal.waitFor(/\[app\] ended.* # /s);
  expect(terminal.shown).toContain('As with --dead, the session is to be beside its files and its log.');
  await terminal.pressAndWait('cat /target/result\r', /made/);
  terminal.press('exit 4\r');
  expect(await terminal.waitForExit()).toBe(4);
  const command = await runCrashcart(['crashed', ...there, '-c', 'app', '--', 'ps']);
  expect(command).toMatchObject({
    code: 125,
    stderr: expect.stringContaining('With --dead, the session is'),
  });
});

test('a container that runs is refused, with those that have ended', async () => {
  const { code, stderr } = await look('crashed', ['-c', 'other'], 'true');
  expect(code).toBe(125);
  expect(stderr).toMatch(
    /^error: container "other" of pod "crashed" is running: --dead is for a container that has ended\nEnded in this pod: -c app, -c setup\.$/m,
  );
});

test('a container that crashes again and again shows its last run while it waits for the next', async () => {
  const restarts = () => get('pod/looping', '{.status.containerStatuses[0].restartCount}');
  await waitUntil('it was restarted', async () => Number(await restarts()) > 0, 30_000);
  let result: CommandResult | null = null;
  await waitUntil(
    'it waits',
    async () => (result = await look('looping', [], 'cat /target/state')).code === 0,
  );
  expect(result).toMatchObject({
    stdout: Buffer.from('written\n'),
    stderr: expect.stringMatching(
      /exit code 137 \(Error\), that of signal 9 \(SIGKILL\); .*; [1-9]\d* restarts?$/m,
    ),
  });
});
