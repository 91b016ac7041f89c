import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApiServerProxy } from './harness/api-server-proxy.ts';
import { runCrashcart, startKubectl, waitForOutput, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  expectSuccess,
  leaveTestNamespace,
} from './harness/test-namespace.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const namespace = 'many-targets';
const image = 'crashcart.test/musl:1';
const labels = { app: 'web' };
const replicas = 8;
/** Of the Deployment's pods, as the tests begin. */
let pods: string[] = [];

beforeAll(async () => {
  await createTestNamespace(namespace);
  const sleep = { image, command: ['sleep', '1000000'] };
  const constraint = {
    ...{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' },
    labelSelector: { matchLabels: labels },
  };
  const spec = {
    terminationGracePeriodSeconds: 0,
    topologySpreadConstraints: [constraint],
    containers: ['app', 'side'].map((name) => ({ name, ...sleep })),
  };
  const metadata = { name: 'web', namespace };
  await createObjects([
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
  ]);
  await expectSuccess(['rollout', 'status', 'deployment/web', '-n', namespace, '--timeout=60s']);
  pods = await listPods();
}, 90_000);

afterAll(() => leaveTestNamespace(namespace), 60_000);

async function listPods(): Promise<string[]> {
  const names = '-o=jsonpath={.items[*].metadata.name}';
  return (await expectSuccess(['get', 'pods', '-n', namespace, '-l', 'app=web', names]))
    .split(' ')
    .toSorted();
}

async function run(...args: string[]) {
  const { code, stdout, stderr } = await runCrashcart(['-n', namespace, ...args], { timeoutMs: 60_000 });
  return { code, lines: stdout.toString().split('\n').slice(0, -1).toSorted(), stderr };
}

/** How many sessions in the test's pods have not ended. */
async function countRunning(): Promise<number> {
  const { stdout } = await runCrashcart(['sessions', '-o', 'json']);
  const { items } = JSON.parse(stdout.toString()) as {
    items: { state: string; target: { namespace?: string } }[];
  };
  return items.filter(({ state, target }) => state === 'running' && target.namespace === namespace).length;
}

describe('one command', () => {
  test('runs in all pods that a selector matches, on all nodes, and each line names its target', async () => {
    const { code, lines, stderr } = await run('-l', 'app=web', '--', 'sh', '-c', 'hostname; echo out >&2');
    expect({ code, lines }).toEqual({ code: 0, lines: pods.map((pod) => `${pod}/app ${pod}`) });
    expect(stderr.trim().split('\n').toSorted()).toEqual(pods.map((pod) => `${pod}/app out`));
  }, 60_000);

  test('runs in all containers of all pods of a workload, and prints an object for each line and end', async () => {
    const all = ['deployment/web', '--all', '--all-containers', '-o', 'json', '--max', '5'];
    const { code, lines } = await run(...all, '--', 'sh', '-c', 'echo "a \\"b\\""; exit 3');
    expect(code).toBe(3);
    const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects.filter(({ line }) => line === 'a "b"')).toHaveLength(2 * replicas);
    expect(objects.filter(({ exitCode }) => exitCode === 3)).toHaveLength(2 * replicas);
    expect(new Set(objects.map(({ node }) => node)).size).toBe(2);
  }, 60_000);

  test('runs in pods and nodes by name; what fails is told at the end, and stops nobody', async () => {
    const [first = ''] = pods;
    const targets = [first, 'node/node-1', 'nosuch'];
    const { code, lines, stderr } = await run(
      ...targets,
      '--no-prefix',
      '--',
      'sh',
      '-c',
      'hostname; exit 4',
    );
    expect({ code, lines }).toEqual({ code: 125, lines: [first, 'node-1'].toSorted() });
    expect(stderr).toContain('error: 3 of 3 targets failed\n');
    expect(stderr).toContain(`nosuch: pod "nosuch" was not found in the namespace "${namespace}"\n`);
    expect(stderr).toContain(`node/node-1, ${first}/app: exit code 4\n`);
  }, 60_000);

  test('of many lines at once, none is torn or lost', async () => {
    const script = 'i=0; while [ $i -lt 3000 ]; do echo "$(hostname) $i end"; i=$((i+1)); done';
    const fast = script.replace('$(hostname)', '$H').replace('i=0', 'H=$(hostname); i=0');
    const { code, lines } = await run('-l', 'app=web', '--', 'sh', '-c', fast);
    expect(code).toBe(0);
    const expected = pods.flatMap((pod) =>
      Array.from({ length: 3000 }, (_, number) => `${pod}/app ${pod} ${number} end`),
    );
    expect(lines).toEqual(expected.toSorted());
  }, 60_000);

  test('goes on everywhere when the connection is cut, and no line is lost or comes twice', async () => {
    const proxy = await startApiServerProxy();
    try {
      const script = 'for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.2; done';
      const args = ['crashcart', ...proxy.flags, '-n', namespace, '-l', 'app=web', '--', 'sh', '-c', script];
      const running = await startKubectl(args);
      const ended = new Promise<number | null>((resolve) => running.once('close', resolve));
      let stdout = '';
      running.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      await waitForOutput(running);
      proxy.cut();
      expect(await ended).toBe(0);
      const expected = pods.flatMap((pod) =>
        Array.from({ length: 9 }, (_, line) => `${pod}/app ${line + 1}`),
      );
      expect(stdout.trim().split('\n').toSorted()).toEqual(expected.toSorted());
    } finally {
      proxy.close();
    }
  }, 60_000);

  test('is a recipe, too, whose files go to a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'many-'));
    try {
      const args = ['-l', 'app=web', '--output-dir', join(folder, 'new'), '--tool', 'ps'];
      expect(await run(...args)).toMatchObject({ code: 0, lines: [] });
      expect((await readdir(join(folder, 'new'))).toSorted()).toEqual(pods.map((pod) => `${pod}.app.txt`));
      expect(await readFile(join(folder, 'new', `${pods[0]}.app.txt`), 'utf8')).toContain('sleep');
      const again = await run(...args);
      expect(again.code).toBe(2);
      expect(again.stderr).toContain('exists already: --force replaces it');
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 60_000);
});

test('where nothing matches, it says what was searched, and where it would match', async () => {
  const { code, stderr } = await runCrashcart(['-n', 'targets', '-l', 'app=web', '--', 'true']);
  expect(code).toBe(125);
  expect(stderr).toContain('error: no pod matches "app=web" in the namespace "targets"\n');
  expect(stderr).toContain(`"${namespace}" (${replicas})`);
});

test('without a command, many shells are not opened: on a terminal one target is chosen', async () => {
  const { code, stderr } = await run('-l', 'app=web');
  expect({ code, stderr }).toMatchObject({ code: 2 });
  expect(stderr).toContain('many targets, and no command: a command stands after --');
  const [first = ''] = pods;
  const terminal = await UserTerminal.open(`kubectl crashcart -q -n ${namespace} -l app=web`, {
    columns: 120,
    rows: 40,
  });
  try {
    await terminal.waitFor(/❯/);
    await terminal.pressAndWait(first, new RegExp(`❯ ${namespace} +${first}`));
    await terminal.pressAndWait('\r', /# $/);
    await terminal.pressAndWait('hostname\r', new RegExp(`^${first}\r$`, 'm'));
    terminal.press('exit 7\r');
    expect(await terminal.waitForExit()).toBe(7);
  } finally {
    await terminal.close();
  }
}, 60_000);

test('when nobody reads the output any more, all sessions end', async () => {
  const yes = ['crashcart', '-n', namespace, '-l', 'app=web', '--', 'yes'];
  const writing = await startKubectl(yes);
  const ended = new Promise<number | null>((resolve) => writing.once('exit', resolve));
  await waitForOutput(writing);
  writing.stdout.destroy();
  expect(await ended).toBe(141);
  expect(await countRunning()).toBe(0);
}, 60_000);

test('the first failure ends all with --fail-fast', async () => {
  const script = `case $(hostname) in ${pods[0]}) exit 7;; *) sleep 600;; esac`;
  const { code, stderr } = await run('-l', 'app=web', '--fail-fast', '--', 'sh', '-c', script);
  expect(code).toBe(7);
  expect(stderr).toContain(`error: 1 of ${replicas} targets failed\n  ${pods[0]}/app: exit code 7\n`);
  await waitUntil('no session runs', async () => (await countRunning()) === 0);
}, 60_000);

test('with --watch, pods that come are joined, those that go are told, and Ctrl-C ends all, everywhere', async () => {
  const script = 'echo here; sleep 600';
  const args = ['crashcart', '-n', namespace, '-l', 'app=web', '--watch', '--', 'sh', '-c', script];
  const watching = await startKubectl(args);
  const ended = new Promise<number | null>((resolve) => watching.once('exit', resolve));
  let [stdout, stderr] = ['', ''];
  watching.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  watching.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const count = () => stdout.split('\n').length - 1;
  await waitForOutput(watching);
  await waitUntil('all run', () => Promise.resolve(count() === replicas));
  await expectSuccess(['delete', 'pod', pods[0] ?? '', '-n', namespace, '--wait=false']);
  await waitUntil('the next pod is joined', () => Promise.resolve(count() === replicas + 1));
  await waitUntil('the other one is told', () => Promise.resolve(stderr.includes(`${pods[0]} has gone`)));
  const newcomer = (await listPods()).find((pod) => !pods.includes(pod));
  expect(stdout).toContain(`${newcomer}/app here\n`);
  expect(stderr).not.toContain('error');
  watching.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(await countRunning()).toBe(0);
}, 90_000);
