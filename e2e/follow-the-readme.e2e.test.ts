import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CommandResult, runKubectl } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const namespace = 'follow-the-readme';
/** The commands of "First steps", held against the README's by the first test. */
const steps = {
  install: 'kubectl crashcart manifests | kubectl apply -f -',
  examine: 'kubectl crashcart doctor',
  run: 'kubectl crashcart pod/foo -- ps -ef',
  enter: 'kubectl crashcart pod/foo',
  list: 'kubectl crashcart sessions',
  clean: 'kubectl crashcart clean',
};
let folder: string;
let kubeconfig: string;

beforeAll(async () => {
  await createTestNamespace(namespace);
  const containers = [{ name: 'server', image: 'crashcart.test/musl:1' }];
  const spec = { terminationGracePeriodSeconds: 1, containers };
  await createObjects([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'foo', namespace }, spec }]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/foo', '-n', namespace, '--timeout=60s']);
  folder = await mkdtemp(join(tmpdir(), 'crashcart-readme-'));
  kubeconfig = join(folder, 'kubeconfig');
  // The README's commands name no namespace: it is the context's.
  await writeFile(kubeconfig, await expectSuccess(['config', 'view', '--raw', '--flatten']));
  const set = ['config', 'set-context', '--current', `--namespace=${namespace}`];
  await expectSuccess([...set, '--kubeconfig', kubeconfig]);
}, 120_000);

afterAll(async () => {
  await leaveTestNamespace(namespace);
  await rm(folder, { recursive: true });
}, 60_000);

/** Runs a command as it stands in the README, from the checkout's folder. @param input of its stdin. */
async function runStep(command: string, input: string | Buffer = ''): Promise<CommandResult> {
  return await runKubectl(command.split(' ').slice(1), { env: { KUBECONFIG: kubeconfig }, input });
}

test('the README’s first steps are those that are taken here', async () => {
  const text = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  const [, block = ''] = /^## First steps\n[^]*?^```\n([^]*?)^```$/m.exec(text) ?? [];
  const commands = block.trimEnd().split('\n');
  expect(commands.map((line) => line.replace(/\s+#.*$/, ''))).toEqual(Object.values(steps));
});

describe('a newcomer', () => {
  test('installs the manifests', async () => {
    const [print = '', apply = ''] = steps.install.split(' | ');
    const { code, stdout } = await runStep(apply, (await runStep(print)).stdout);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^namespace\/crashcart /m);
  });

  test('is told that all will work', async () => {
    const { code, stdout } = await runStep(steps.examine);
    expect(stdout.toString()).toMatch(/^CHECK +STATUS +MESSAGE/);
    expect(stdout.toString()).not.toMatch(/ failed /);
    expect(code).toBe(0);
  });

  test('runs a command in the pod', async () => {
    const { code, stdout } = await runStep(steps.run);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^UID +PID +PPID[^]*\bserver\n/);
  });

  test('opens a shell there, looks around and leaves it', async () => {
    const terminal = await UserTerminal.open(`export KUBECONFIG='${kubeconfig}'; ${steps.enter}`);
    try {
      await terminal.waitFor(/# $/);
      await terminal.pressAndWait('hostname\r', /^foo\r$/m);
      await terminal.pressAndWait('cat /target/etc/passwd\r', /^root:x:0:0:root:\/root:\/bin\/sh\r$/m);
      terminal.press('exit\r');
      expect(await terminal.waitForExit()).toBe(0);
    } finally {
      await terminal.close();
    }
  });

  test('finds what was run among the sessions', async () => {
    await runStep(steps.run);
    const { code, stdout } = await runStep(steps.list);
    expect(code).toBe(0);
    const own = stdout
      .toString()
      .split('\n')
      .filter((line) => line.includes(` ${namespace}/foo[`));
    // Sessions that other tests ran before may still be listed.
    expect(own.at(-1)).toMatch(/ ps -ef +Exited\(0\) /);
  });

  test('cleans up, which leaves the agent that others may use', async () => {
    await runStep(steps.run);
    const { code } = await runStep(steps.clean);
    expect(code).toBe(0);
    const running = ['get', 'pods', '-n', 'crashcart', '-o', 'name'];
    expect(await expectSuccess([...running, '--field-selector=status.phase=Running'])).not.toBe('');
  });
});
