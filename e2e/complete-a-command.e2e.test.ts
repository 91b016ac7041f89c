import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CommandResult, getUserEnvironment, runKubectl, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';

const namespace = 'complete-a-command';
/** Far above completion's own limit, far below that of a request. */
const limitMs = 10_000;

beforeAll(async () => {
  await createTestNamespace(namespace);
  const containers = ['app', 'proxy'].map((name) => ({ name, image: 'crashcart.test/musl:1' }));
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: { terminationGracePeriodSeconds: 1, containers },
  };
  const selector = { matchLabels: { app: 'web' } };
  await createObjects([
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'single', namespace }, spec: template.spec },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: { selector, template },
    },
  ]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/single', '-n', namespace, '--timeout=50s']);
  await expectSuccess(['rollout', 'status', 'deployment/web', '-n', namespace, '--timeout=50s']);
}, 150_000);
afterAll(() => leaveTestNamespace(namespace), 60_000);

/** Has kubectl complete the last of the words. @returns what it offers, without descriptions. */
async function complete(words: string[], env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const { code, stdout } = await runComplete(words, env);
  expect(code).toBe(0);
  const lines = stdout.toString().trimEnd().split('\n');
  expect(lines.pop()).toMatch(/^:\d+$/);
  return lines.map((line) => line.split('\t')[0] ?? '');
}

function runComplete(words: string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  return runKubectl(['__complete', 'crashcart', ...words], { env });
}

describe('kubectl completes', () => {
  test('the pods of the namespace', async () => {
    expect(await complete(['-n', namespace, 'si'])).toEqual(['single']);
    expect(await complete(['-n', namespace, 'pod/si'])).toEqual(['pod/single']);
  });

  test('workloads and nodes by their kind', async () => {
    expect(await complete(['-n', namespace, 'deploy/'])).toEqual(['deploy/web']);
    const nodes = await expectSuccess(['get', 'nodes', '-o', 'name']);
    expect(await complete(['node/'])).toEqual(nodes.trim().split('\n'));
  });

  test('containers of a pod, and of the pod that a workload has', async () => {
    expect(await complete(['-n', namespace, 'single', '-c', ''])).toEqual(['app', 'proxy']);
    expect(await complete(['-n', namespace, 'deployment/web', '--container=pr'])).toEqual(['proxy']);
  });

  test('namespaces', async () => {
    expect(await complete(['-n', 'complete-a-c'])).toEqual([namespace]);
  });

  test('contexts of the kubeconfig', async () => {
    const contexts = await expectSuccess(['config', 'get-contexts', '-o', 'name']);
    expect(await complete(['--context', ''])).toEqual(contexts.trim().split('\n'));
  });

  test('sessions', async () => {
    const detach = ['crashcart', '-n', namespace, 'single', '--detach', '--', 'sleep', '600'];
    const id = (await expectSuccess(detach)).trim().slice(0, 8);
    try {
      expect(await complete(['attach', id.slice(0, 4)])).toEqual([id]);
      expect(await complete(['stop', id.slice(0, 4)])).toEqual([id]);
    } finally {
      await expectSuccess(['crashcart', 'stop', id]);
    }
  });

  test('processes of a container by ID and by name, when an agent is there, and starts none', async () => {
    const isolated = ['-n', namespace, '--agent-namespace', namespace, 'single', '-c', 'app'];
    expect(await complete([...isolated, '--pid', ''])).toEqual([]);
    const pods = ['get', 'pods', '-n', namespace, '-l', 'app.kubernetes.io/name=crashcart', '-o', 'name'];
    expect(await expectSuccess(pods)).toBe('');
    const target = ['-n', namespace, 'single', '-c', 'app'];
    await expectSuccess(['crashcart', ...target, '--', 'true']);
    await waitUntil('it is in time', async () => {
      const offered = await complete([...target, '--pid', '']);
      if (offered.length === 0) return false;
      expect(offered).toEqual(['1', 'server']);
      return true;
    });
    expect(await complete([...target, '--pid=se'])).toEqual(['server']);
  });

  test('tools, flags and commands', async () => {
    expect(await complete(['single', '--tool', 'tcpd'])).toEqual(['tcpdump']);
    expect(await complete(['single', '--agent-n'])).toEqual(['--agent-namespace']);
    expect(await complete(['completion', 'ins'])).toEqual(['install']);
  });
});

describe('completion is no trouble:', () => {
  test.each([
    ['a target that is not there', ['nosuch', '-c', '']],
    ['a context that is not there', ['--context', 'nosuch', 'si']],
    ['a server that can’t be reached', ['--server', 'https://127.0.0.1:1', '-n', '']],
  ])('it says nothing about %s', async (_what, words) => {
    await expectSilence(words);
  });

  test('it does not wait for a server that does not answer', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const start = performance.now();
      await expectSilence(['--server', `https://127.0.0.1:${port}`, 'si']);
      expect(performance.now() - start).toBeLessThan(limitMs);
    } finally {
      server.close();
    }
  });

  async function expectSilence(words: string[]): Promise<void> {
    const { code, stdout, stderr } = await runComplete(words);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: ':4\n' });
    // All that is there is cobra's own trace.
    expect(stderr.replaceAll(/^(\[Debug\] .*|Completion ended with directive: .*)\n/gm, '')).toBe('');
  }
});

test('what krew does not link is installed by a command, and kubectl finds it', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'crashcart-bin-'));
  try {
    const { PATH } = await getUserEnvironment();
    const [plugin = '', ...others] = (PATH ?? '').split(':');
    symlinkSync(join(plugin, 'kubectl-crashcart'), join(bin, 'kubectl-crashcart'));
    const env = { PATH: [bin, ...others.filter((folder) => folder !== plugin)].join(':') };
    expect(await complete(['single', '--tool', 'tcpd'], env)).toEqual([]);
    const { code, stdout } = await runKubectl(['crashcart', 'completion', 'install'], { env });
    const file = join(bin, 'kubectl_complete-crashcart');
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: `${file}\n` });
    expect(readFileSync(file, 'utf8')).toContain('__complete');
    expect(await complete(['single', '--tool', 'tcpd'], env)).toEqual(['tcpdump']);
  } finally {
    rmSync(bin, { recursive: true });
  }
});
