import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findAgentProcess } from '../harness/agent-process.ts';
import { curlAgent, findAgentPod } from '../harness/agent-request.ts';
import { runCrashcart, waitUntil } from '../harness/command-run.ts';
import { isProgramRunning, readProcessFile } from '../harness/node-processes.ts';
import { startSession } from '../harness/started-session.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from '../harness/test-namespace.ts';

const namespace = 'flooding-target';
const agents = 'flooding-agents';
const access = ['flood', '-n', namespace, '-q', '--agent-namespace', agents];
/** Files of 1 GiB that take no room, and as much environment and as many arguments as exec takes. */
const target = `
for file in hosts resolv.conf passwd group; do rm -f /tmp/$file; dd if=/dev/zero of=/tmp/$file bs=1 count=0 seek=1073741824; done
for file in passwd group; do rm -f /etc/$file; mv /tmp/$file /etc/$file; done
# The kubelet mounts these two: they can be made long, but not be replaced.
for file in hosts resolv.conf; do dd if=/dev/zero of=/etc/$file bs=1 count=0 seek=1073741824 || :; done
value=$(head -c 100000 /dev/zero | tr '\\0' x)
for number in 0 1 2 3 4 5 6 7 8 9; do export "LONG_$number=$value"; done
exec busybox sh -c 'sleep 4290; :' "$value" "$value" "$value"
`;
/** Of the agent's process: 64 MiB of bodies are held, and texts are made of them; it takes 80 MiB without anything to do. */
const maxPeakMiB = 400;

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createTestNamespace(agents, privilegedLabels);
  const container = { name: 'app', image: 'crashcart.test/musl:1', command: ['busybox', 'sh', '-c', target] };
  await createObjects([
    {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'flood', namespace } },
      spec: { terminationGracePeriodSeconds: 1, containers: [container] },
    },
  ]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/flood', '-n', namespace, '--timeout=30s']);
  // Not by an exec: the runtime would read the groups of the target's users, all of the file.
  await waitUntil('the target has prepared itself', () => Promise.resolve(isProgramRunning('sleep 4290')));
}, 120_000);

afterAll(async () => {
  await deleteTestNamespace(namespace);
  await deleteTestNamespace(agents);
}, 120_000);

test('an agent stays small and answers, whatever a target has and clients send', async () => {
  const { client, ended } = await startSession([...access, '-i'], 'echo open; cat');
  const agent = await findAgentProcess(agents);
  const pod = await findAgentPod(agents);

  await Promise.all(
    Array.from({ length: 6 }, (_, number) => runCrashcart([...access, '--', 'echo', String(number)])),
  );
  await exec(pod, flood);

  client.stdin.end('last words');
  expect(await ended).toMatchObject({ code: 0, stdout: Buffer.from('open\nlast words') });
  expect(await findAgentProcess(agents)).toBe(agent);
  expect(readPeakMiB(agent)).toBeLessThan(maxPeakMiB);
}, 180_000);

/** Bodies of 16 MiB and of 1 GiB, paths of all lengths, and streams that nobody reads: 40 at a time. */
const flood = `
head -c 16777216 /dev/zero | tr '\\0' '[' >/tmp/body
dd if=/dev/zero of=/tmp/huge bs=1 count=0 seek=1073741824 2>/dev/null
for number in $(seq 40); do
  id=$(cat /proc/sys/kernel/random/uuid)
  for body in body huge; do
    ${curlAgent.join(' ')} -m 10 -o /dev/null -T /tmp/$body http://agent/v1/sessions/$id &
  done
  ${curlAgent.join(' ')} -m 10 -o /dev/null "http://agent/v1/sessions/$id/$(head -c $((number * 1000)) /dev/zero | tr '\\0' x)" &
  for stream in $(seq 25); do echo "http://agent/v1/sessions/$id/stdout?client=$id&from=$stream"; done |
    xargs ${curlAgent.join(' ')} -m 10 -Z -o /dev/null &
done
wait
rm /tmp/body /tmp/huge
`;

async function exec(pod: string, script: string): Promise<void> {
  await expectSuccess(['exec', '-n', agents, pod, '--', 'bash', '-c', script]);
}

function readPeakMiB(pid: number): number {
  const [, kiB] = /^VmHWM:\s*(\d+) kB$/m.exec(readProcessFile(pid, 'status')) ?? [];
  if (kiB === undefined) throw new Error(`process ${pid} has no peak`);
  return Number(kiB) / 1024;
}
