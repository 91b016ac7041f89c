import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { restartApiServer } from '../harness/api-server-process.ts';
import { killNodeProcess, listProcesses, readCommandLine } from '../harness/node-processes.ts';
import { createTestNamespace, deleteTestNamespace, privilegedLabels } from '../harness/test-namespace.ts';
import { waitUntil } from '../harness/command-run.ts';
import { EchoStream } from './echo-stream.ts';
import { getTargetPod } from '../harness/target-snapshot.ts';
import { expectNoLeftovers } from './leftovers.ts';

const agents = 'restart-the-cluster';
const target = ['musl', '-n', 'targets', '--agent-namespace', agents, '--agent-idle', '1s'];

beforeAll(() => createTestNamespace(agents, privilegedLabels), 60_000);

afterAll(() => deleteTestNamespace(agents), 60_000);

/** Kills a component of a node, and waits until another one was started. @param pattern of its command line. */
async function restartOnNode(pattern: RegExp): Promise<void> {
  const find = () => listProcesses().filter((pid) => pattern.test(readCommandLine(pid)));
  const killed = find();
  if (killed.length === 0) throw new Error(`nothing runs that is ${pattern.source}`);
  for (const pid of killed) killNodeProcess(pid, 'SIGKILL');
  await waitUntil('it runs again', () => Promise.resolve(find().some((pid) => !killed.includes(pid))));
}

describe('a session with bytes on their way both ways survives', () => {
  test.each([
    ['the API server', restartApiServer],
    ['the kubelet', (node: string) => restartOnNode(new RegExp(`^kubelet .*--hostname-override ${node} `))],
    [
      'containerd',
      (node: string) => restartOnNode(new RegExp(`^containerd --config .*/${node}/containerd\\.toml$`)),
    ],
  ])('a restart of %s', async (_name, restart) => {
    const { spec } = await getTargetPod('targets', 'musl');
    const stream = await EchoStream.start([...target, '-v', '4']);
    await restart(spec.nodeName);
    await stream.waitForFlow(45_000);
    const { code, isIntact, stderr } = await stream.finish();
    expect({ code, isIntact }).toEqual({ code: 0, isIntact: true });
    expect(stderr).toContain('the connection is restored');
  });

  test('and after all of them nothing is left on the nodes', async () => {
    await expectNoLeftovers(agents, 60_000);
  });
});
