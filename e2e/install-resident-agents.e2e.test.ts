import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart, runKubectl, waitUntil } from './harness/command-run.ts';
import { startSession } from './harness/started-session.ts';
import {
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

const namespace = 'resident-agents';
const access = ['--agent-namespace', namespace];
const session = (target: string, more: string[] = []) =>
  runCrashcart([target, '-n', 'targets', '-q', ...access, ...more, '--', 'hostname']);

beforeAll(() => createTestNamespace(namespace, privilegedLabels), 60_000);
afterAll(() => deleteTestNamespace(namespace), 60_000);

interface Status {
  installed: boolean;
  desired: number;
  ready: number;
  items: { node: string; pod: string; isReady: boolean; state: string; version: string }[];
}

async function run(...args: string[]) {
  const { code, stdout, stderr } = await runCrashcart([...args, ...access]);
  return { code, stdout: stdout.toString(), stderr };
}

async function readStatus(): Promise<{ code: number | null; status: Status }> {
  const { code, stdout } = await run('status', '-o', 'json');
  return { code, status: JSON.parse(stdout) as Status };
}

async function list(resource: string): Promise<string[]> {
  const names = await expectSuccess(['get', resource, '-n', namespace, '-o', 'name']);
  return names.split('\n').filter(Boolean);
}

async function readPodField(path: string): Promise<string[]> {
  const found = ['get', 'pods', '-n', namespace, '-o', `jsonpath={range .items[*]}${path}{"\\n"}{end}`];
  return (await expectSuccess(found)).split('\n').filter(Boolean);
}

describe('before anything is installed', () => {
  test('status says so, and uninstall has nothing to do', async () => {
    const nothing = `Nothing is installed in the namespace "${namespace}".\n`;
    expect(await run('status')).toEqual({ code: 1, stdout: '', stderr: nothing });
    expect((await readStatus()).status).toEqual({ installed: false, desired: 0, ready: 0, items: [] });
    expect(await run('uninstall')).toEqual({ code: 0, stdout: '', stderr: nothing });
  });

  test('a dry run makes nothing, and prints what can be applied', async () => {
    const { code, stdout } = await run('install', '--dry-run=client');
    expect(code).toBe(0);
    const applied = await runKubectl(['apply', '--dry-run=server', '-f', '-'], { input: stdout });
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    expect((await run('install', '--dry-run=server', '-o', 'json')).stdout).toContain('"uid"');
    expect(await list('daemonsets')).toEqual([]);
  });
});

describe('installed agents', () => {
  test('run on each node', async () => {
    expect(await run('install')).toEqual({
      code: 0,
      stdout: 'Agents are installed on 2 nodes.\n',
      stderr: '',
    });
    const { code, status } = await readStatus();
    expect(code).toBe(0);
    const ready = { isReady: true, state: 'Ready', version: expect.stringMatching(/^\d+\.\d+\.\d+/) };
    expect(status).toMatchObject({
      ...{ installed: true, desired: 2, ready: 2 },
      items: [
        { node: 'node-1', ...ready },
        { node: 'node-2', ...ready },
      ],
    });
    expect((await run('status')).stdout).toMatch(
      /^NODE +AGENT +STATE +VERSION +AGE\nnode-1 +\S+ +Ready +\S+ +\d+s\nnode-2 /,
    );
  });

  test('are shown with their image, or as names for other programs', async () => {
    expect((await run('status', '-o', 'wide')).stdout).toMatch(
      / +RESTARTS +IMAGE\nnode-1 .* 0 +\S+\/agent:\S+\n/,
    );
    const names = (await run('status', '-o', 'name')).stdout.trimEnd().split('\n');
    expect(names.toSorted()).toEqual((await list('pods')).toSorted());
  });

  test('are used by sessions on both nodes, whatever idle time these ask for, and no Job is made', async () => {
    for (const [target, hostname, more] of [
      ['musl', 'musl', []],
      ['node/node-1', 'node-1', []],
      ['node/node-2', 'node-2', ['--agent-idle', '30s']],
    ] as [string, string, string[]][]) {
      const { code, stdout } = await session(target, more);
      expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: `${hostname}\n` });
    }
    expect(await list('jobs')).toEqual([]);
  });

  test('have their sessions listed, with the node', async () => {
    const { stdout } = await run('sessions');
    expect(stdout).toMatch(/targets\/musl\[server\] +node-\d +hostname +Exited\(0\)/);
    expect(stdout).toMatch(/node\/node-1 +node-1 +hostname +Exited\(0\)/);
  });

  test('are not used for another image: that session has an agent of its own', async () => {
    const policy = ['--image-pull-policy', 'Never'];
    expect((await session('musl', policy)).code).toBe(0);
    expect(await list('jobs')).toHaveLength(1);
  });

  test('are left alone by clean, which removes the other one', async () => {
    const before = (await readStatus()).status.items;
    const { code, stdout } = await run('clean', '--all', '--force');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    await waitUntil('the Job is gone', async () => (await list('pods')).length === 2);
    expect((await readStatus()).status.items).toEqual(before);
  });

  test('come again when one is gone; its session is told', async () => {
    const { ended } = await startSession(['musl', '-n', 'targets', '-q', ...access]);
    const before = await list('pods');
    await expectSuccess(['delete', ...before, '-n', namespace, '--wait=false']);
    const { code, stderr } = await ended;
    expect(code).toBe(125);
    expect(stderr).toMatch(/^error: /m);
    await waitUntil('there are two others', async () => {
      const { status } = await readStatus();
      return status.ready === 2 && status.items.every(({ pod }) => !before.includes(`pod/${pod}`));
    });
    expect((await session('musl')).code).toBe(0);
    expect(await list('jobs')).toEqual([]);
  });

  test('go where a later install says, and as urgently', async () => {
    const placement = ['--node-selector', 'kubernetes.io/hostname=node-2'];
    const { code, stdout } = await run('install', ...placement, '--priority-class', 'system-node-critical');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Agents are installed on 1 node.\n' });
    await waitUntil('the other one is gone', async () => (await list('pods')).length === 1);
    expect(await readPodField('{.spec.nodeName} {.spec.priorityClassName}')).toEqual([
      'node-2 system-node-critical',
    ]);
  });

  test('are gone when uninstall returns, and sessions make their agents again', async () => {
    expect(await run('uninstall')).toEqual({
      code: 0,
      stdout: 'The installed agents are removed.\n',
      stderr: '',
    });
    expect(await list('daemonsets,pods')).toEqual([]);
    expect((await session('musl')).code).toBe(0);
    expect(await list('jobs')).toHaveLength(1);
  });
});

describe('where agents may not run', () => {
  const refusing = 'resident-refused';
  const inRefusing = ['--agent-namespace', refusing];
  afterAll(() => deleteTestNamespace(refusing), 60_000);

  test('install tells why, and status too', async () => {
    await createTestNamespace(refusing, { 'pod-security.kubernetes.io/enforce': 'baseline' });
    const { code, stderr } = await runCrashcart(['install', ...inRefusing, '--timeout', '3s']);
    expect(code).toBe(125);
    expect(stderr).toMatch(/^error: 0 of 2 agents were ready within 3 s: .*violates PodSecurity/m);
    const status = await runCrashcart(['status', ...inRefusing]);
    expect(status.code).toBe(1);
    expect(status.stderr).toMatch(/^warning: 2 of 2 nodes have no agent: .*violates PodSecurity/);
    expect((await runCrashcart(['uninstall', ...inRefusing])).code).toBe(0);
  }, 90_000);

  test('install says how to get a namespace that is missing, and makes it when asked to', async () => {
    await deleteTestNamespace(refusing);
    const missing = await runCrashcart(['install', ...inRefusing]);
    expect(missing.code).toBe(125);
    expect(missing.stderr).toContain('--create-namespace');
    const made = await runCrashcart(['install', ...inRefusing, '--create-namespace']);
    expect({ code: made.code, stdout: made.stdout.toString() }).toEqual({
      code: 0,
      stdout: 'Agents are installed on 2 nodes.\n',
    });
    expect((await runCrashcart(['uninstall', ...inRefusing])).code).toBe(0);
  }, 120_000);
});
