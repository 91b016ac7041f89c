import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { runCrashcart, runKubectl } from './harness/command-run.ts';
import { deleteTestNamespace, expectSuccess } from './harness/test-namespace.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const namespace = 'first-use';
const flags = ['musl', '-n', 'targets', '-q', '--agent-namespace', namespace];
const command = ['--', 'hostname'];

beforeEach(() => deleteTestNamespace(namespace), 60_000);
afterEach(() => deleteTestNamespace(namespace), 60_000);

async function namespaceExists(): Promise<boolean> {
  return (await runKubectl(['get', 'namespace', namespace])).code === 0;
}

/** Answers the question on a terminal. @returns all that was shown, and the exit code. */
async function answer(keys: string): Promise<{ shown: string; code: number }> {
  const terminal = await UserTerminal.open(`kubectl crashcart ${[...flags, ...command].join(' ')}`);
  try {
    await terminal.waitFor(/Create it\?.*\(y\/N\)/);
    terminal.press(keys);
    const code = await terminal.waitForExit();
    return { shown: terminal.shown, code };
  } finally {
    await terminal.close();
  }
}

describe('where no agent has ever run', () => {
  test('a script is told what to do first, and makes nothing', async () => {
    expect(await runCrashcart([...flags, ...command])).toEqual({
      code: 125,
      stdout: Buffer.from(''),
      stderr:
        `error: the namespace "${namespace}", where agents run, does not exist\n` +
        'Make it with `kubectl crashcart manifests | kubectl apply -f -`, or run this with --create-namespace.\n',
    });
    expect(await namespaceExists()).toBe(false);
  });

  test('--create-namespace makes it, for agents alone', async () => {
    expect(await runCrashcart([...flags, '--create-namespace', ...command])).toEqual({
      code: 0,
      stdout: Buffer.from('musl\n'),
      stderr: '',
    });
    const labels = JSON.parse(
      await expectSuccess(['get', 'namespace', namespace, '-o', 'jsonpath={.metadata.labels}']),
    ) as unknown;
    expect(z.record(z.string(), z.string()).parse(labels)).toMatchObject({
      'app.kubernetes.io/name': 'crashcart',
      'pod-security.kubernetes.io/enforce': 'privileged',
    });
  });

  test('someone on a terminal is asked, and yes makes it', async () => {
    const { shown, code } = await answer('y\r');
    expect(code).toBe(0);
    expect(shown).toMatch(/musl\r\n$/);
    expect(await namespaceExists()).toBe(true);
  });

  test.each(['n\r', '\r', '\x04'])('any other answer (%j) makes nothing', async (keys) => {
    const { shown, code } = await answer(keys);
    expect(code).toBe(125);
    expect(shown).toMatch(/does not exist\r\nMake it with/);
    expect(await namespaceExists()).toBe(false);
  });

  test('Ctrl-C at the question leaves at once', async () => {
    const { code } = await answer('\x03');
    expect(code).toBe(130);
    expect(await namespaceExists()).toBe(false);
  });

  test('who may not make it is told which permission is missing', async () => {
    const user = ['--as', 'jane', '--as-group', 'crashcart-users'];
    const { code, stderr } = await runCrashcart([...flags, ...user, '--create-namespace', ...command]);
    expect(code).toBe(125);
    expect(stderr).toMatch(/in the namespace "first-use"|create namespaces/);
    expect(stderr).toMatch(/manifests/);
    expect(await namespaceExists()).toBe(false);
  });
});
