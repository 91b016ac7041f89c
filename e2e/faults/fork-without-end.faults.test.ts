import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { maxSessionProcesses } from '../../src/agent/cgroup/session-limits.ts';
import { slowness } from '../limits/slowness.ts';
import { runCrashcart } from '../harness/command-run.ts';
import { runOnNodes } from '../harness/node-commands.ts';
import { listContainerProcesses, readProcessFile } from '../harness/node-processes.ts';
import { startSession } from '../harness/started-session.ts';
import { getTargetPod } from '../harness/target-snapshot.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from '../harness/test-namespace.ts';
import { EchoDelay } from './echo-delay.ts';

const namespace = 'fork-without-end';
const agents = 'fork-without-end-agents';
const pod = 'app';
const own = [pod, '-n', namespace, '-q', '--agent-namespace', agents];
/** On a machine whose processors the bomb takes, and the tests. */
const echoLimitMs = 1500 * slowness;
const bombMs = 5000;
const targetProcesses = 1000;

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createTestNamespace(agents, privilegedLabels);
  const container = { name: 'app', image: 'crashcart.test/musl:1' };
  const spec = { terminationGracePeriodSeconds: 1, containers: [container] };
  await createObjects([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: pod, namespace }, spec }]);
  await expectSuccess(['wait', '--for=condition=Ready', `pod/${pod}`, '-n', namespace, '--timeout=30s']);
}, 120_000);

afterAll(async () => {
  await deleteTestNamespace(namespace);
  await deleteTestNamespace(agents);
}, 120_000);

test('a session that forks without end takes nothing of another one, is stopped, and leaves nothing', async () => {
  const bystander = await EchoDelay.start(own);
  const { ended } = await startSession(own, 'echo open; f() { f | f & }; f 2>/dev/null; sleep 4270');
  await bystander.typeFor(bombMs);
  expect(bystander.percentileMs(95)).toBeLessThan(echoLimitMs);
  const { stdout } = await runCrashcart(['sessions', '--agent-namespace', agents, '-o', 'name']);
  const [, id = ''] = stdout.toString().trim().split('\n');
  expect(await runCrashcart(['stop', id, '--agent-namespace', agents])).toMatchObject({ code: 0 });
  expect((await ended).stderr).toMatch(
    new RegExp(`^warning: the session reached its limit of ${maxSessionProcesses} processes and threads: `),
  );
  bystander.end();
  const { status } = await getTargetPod(namespace, pod);
  expect(listContainerProcesses(status.containerStatuses[0]?.containerID ?? '-')).toHaveLength(1);
}, 120_000);

test('a target that forks without end takes nothing of a session', async () => {
  const { status } = await getTargetPod(namespace, pod);
  const [first = 0] = listContainerProcesses(status.containerStatuses[0]?.containerID ?? '-');
  // As the kubelet's podPidsLimit does: this machine's PIDs are not for this test alone.
  const path = /^\d+:pids:(.*)$|^0::(.*)$/m.exec(readProcessFile(first, 'cgroup'));
  const directory = path?.[1] === undefined ? `/sys/fs/cgroup${path?.[2]}` : `/sys/fs/cgroup/pids${path[1]}`;
  await runOnNodes('sh', '-c', `echo ${targetProcesses} >${directory}/pids.max`);
  const bystander = await EchoDelay.start(own);
  const bomb = ['exec', pod, '-n', namespace, '--', 'sh', '-c', 'f() { f | f & }; f >/dev/null 2>&1'];
  await expectSuccess(bomb);
  await bystander.typeFor(bombMs);
  expect(bystander.percentileMs(95)).toBeLessThan(echoLimitMs);
  expect(await runCrashcart([...own, '--', 'echo', 'still here'])).toMatchObject({ code: 0 });
  bystander.end();
}, 120_000);
