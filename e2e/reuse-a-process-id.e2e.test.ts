import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pinTarget } from '../src/agent/bridge/pinned-target.ts';
import { runKubectl, waitUntil } from './harness/command-run.ts';
import { readProcessFile } from './harness/node-processes.ts';
import { getTargetPod } from './harness/target-snapshot.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';

const namespace = 'reused-process-id';
const pod = 'short-lived';

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createObjects([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod, namespace },
      spec: {
        terminationGracePeriodSeconds: 2,
        containers: [{ name: 'app', image: 'crashcart.test/musl:1' }],
      },
    },
  ]);
  await expectSuccess(['wait', '--for=condition=Ready', `pod/${pod}`, '-n', namespace, '--timeout=30s']);
}, 120_000);

afterAll(() => deleteTestNamespace(namespace), 60_000);

test('a process that got the target’s PID between look-up and entering is not entered', async () => {
  const { status } = await getTargetPod(namespace, pod);
  const containerID = status.containerStatuses[0]?.containerID ?? '-';
  const { promise: reused, resolve } = Promise.withResolvers<number>();
  const pinning = pinTarget(
    { kind: 'container', namespace, pod, podUID: '', container: 'app', containerID, hasEnded: false },
    // The agent's part is played by this process, so these process IDs are those of this machine.
    async (pid) => {
      process.kill(pid, 'SIGKILL');
      await waitUntil('the target has ended', () => Promise.resolve(readProcessFile(pid, 'stat') === ''));
      resolve(await startProcessWithID(pid));
    },
  );
  await expect(pinning).rejects.toMatchObject({ code: 'targetChanged' });
  process.kill(await reused, 'SIGKILL');
  expect((await runKubectl(['get', 'pod', pod, '-n', namespace])).code).toBe(0);
});

/** Starts a process that gets a given ID: the kernel counts on from the last one it gave (pid_namespaces(7)). */
async function startProcessWithID(wanted: number): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(wanted - 1));
    const child = spawn('sleep', ['4253'], { stdio: 'ignore' });
    if (child.pid === wanted) return wanted;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  throw new Error(`no process got the ID ${wanted}`);
}
