import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart } from './harness/command-run.ts';
import { createTestNamespace, leaveTestNamespace, privilegedLabels } from './harness/test-namespace.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const agents = 'another-toolbox';
/** An image with busybox and little else, which the nodes have. */
const toolbox = 'crashcart.test/musl:1';
const target = [
  'debian-nonroot',
  '-n',
  'targets',
  '--agent-namespace',
  agents,
  '--image-pull-policy',
  'Never',
];

beforeAll(() => createTestNamespace(agents, privilegedLabels), 60_000);
afterAll(() => leaveTestNamespace(agents), 60_000);

async function run(flags: string[], command: string[]) {
  const { code, stdout, stderr } = await runCrashcart([...target, ...flags, '--', ...command]);
  return { code, stdout: stdout.toString(), stderr };
}

describe('--toolbox', () => {
  test('has the image as the root of the session, in the namespaces of the target', async () => {
    const script =
      'busybox hostname; busybox cat /target/etc/hostname; busybox id -u; busybox ls /usr/bin/gdb';
    const { code, stdout, stderr } = await run(['--toolbox', toolbox], ['busybox', 'sh', '-c', script]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'debian-nonroot\ndebian-nonroot\n0\n' });
    expect(stderr).toContain('/usr/bin/gdb: No such file or directory');
  });

  test('can be written to, and nothing of that stays, nor of the agent is in reach', async () => {
    const write = 'echo x >/etc/probe && busybox cat /etc/probe && busybox ls -A /mnt';
    expect(await run(['--toolbox', toolbox], ['busybox', 'sh', '-c', write])).toEqual({
      code: 0,
      stdout: 'x\n',
      stderr: '',
    });
    const { code } = await run(['--toolbox', toolbox], ['busybox', 'test', '-e', '/etc/probe']);
    expect(code).toBe(1);
  });

  test('gives the shell that the image has', async () => {
    const shell = await UserTerminal.open(`kubectl crashcart ${target.join(' ')} -q --toolbox ${toolbox}`);
    try {
      await shell.waitFor(/[#$] /);
      await shell.pressAndWait('busybox hostname\r', /^debian-nonroot\r$/m);
      shell.press('exit\r');
      expect(await shell.waitForExit()).toBe(0);
    } finally {
      await shell.close();
    }
  });

  test('is an agent of its own: others have the toolbox that they had', async () => {
    expect((await run([], ['sh', '-c', 'command -v gdb'])).stdout).toBe('/usr/bin/gdb\n');
  });

  test('that the node does not have is told', async () => {
    const { code, stderr } = await run(['--toolbox', 'crashcart.test/none:1'], ['true']);
    expect(code).toBe(125);
    expect(stderr).toContain('crashcart.test/none:1');
  });
});
