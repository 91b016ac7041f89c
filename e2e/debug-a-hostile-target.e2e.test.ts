import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { waitUntil } from './harness/command-run.ts';
import {
  killNodeProcess,
  listContainerProcesses,
  listNamespaceProcesses,
  readCommandLine,
  readProcessFile,
} from './harness/node-processes.ts';
import { startSession } from './harness/started-session.ts';
import { getTargetPod } from './harness/target-snapshot.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

const namespace = 'hostile-target';
/** Its agents are of these tests alone: they are stopped. */
const agentNamespace = 'hostile-target-agents';
const graceSeconds = 2;
const pod = 'hostile';

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createTestNamespace(agentNamespace, privilegedLabels);
}, 120_000);
afterAll(async () => {
  await deleteTestNamespace(namespace);
  await deleteTestNamespace(agentNamespace);
}, 120_000);

/** Its root has what containers have by default: it may signal whatever it sees. */
beforeEach(async () => {
  await expectSuccess(['delete', 'pod', pod, '-n', namespace, '--ignore-not-found', '--now']);
  await createObjects([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod, namespace },
      spec: {
        terminationGracePeriodSeconds: graceSeconds,
        // AppArmor keeps a confined target from sending signals to a session, which is not confined.
        securityContext: { appArmorProfile: { type: 'Unconfined' } },
        containers: [{ name: 'app', image: 'crashcart.test/musl:1' }],
      },
    },
  ]);
  await expectSuccess(['wait', '--for=condition=Ready', `pod/${pod}`, '-n', namespace, '--timeout=30s']);
}, 60_000);

const open = () => startSession([pod, '-n', namespace, '-q', '--agent-namespace', agentNamespace]);

/** Does something as the target's own root. */
const doInTarget = (script: string) =>
  expectSuccess(['exec', '-n', namespace, pod, '--', 'busybox', 'sh', '-c', script]);

/** @returns how long the pod took to be gone, in ms. */
async function deletePod(): Promise<number> {
  const startedAt = performance.now();
  await expectSuccess(['delete', 'pod', pod, '-n', namespace, '--timeout=30s']);
  return performance.now() - startedAt;
}

async function getContainerID(): Promise<string> {
  const { status } = await getTargetPod(namespace, pod);
  return status.containerStatuses[0]?.containerID ?? '-';
}

async function listOwnProcesses(): Promise<number[]> {
  const [first] = listContainerProcesses(await getContainerID());
  if (first === undefined) throw new Error('the target does not run');
  return listNamespaceProcesses(first).filter((pid) => /session-init|sleep 4250/.test(readCommandLine(pid)));
}

describe('a target that stops every process of a session', () => {
  test('is still deleted in time, and the session ends', async () => {
    const { ended } = await open();
    const ours = await listOwnProcesses();
    expect(ours.length).toBeGreaterThanOrEqual(2);
    await doInTarget('kill -STOP -1');
    await waitUntil('ours are stopped', () =>
      Promise.resolve(ours.every((pid) => /^State:\s+T/m.test(readProcessFile(pid, 'status')))),
    );
    expect(await deletePod()).toBeLessThan((graceSeconds + 5) * 1000);
    expect((await ended).code).toBe(137);
  });

  test('is still deleted in time when the agent is stopped as well', async () => {
    const { ended } = await open();
    await doInTarget('kill -STOP -1');
    const selector = ['-l', 'app.kubernetes.io/name=crashcart', '--field-selector=status.phase=Running'];
    const id = 'jsonpath={.items[*].status.containerStatuses[0].containerID}';
    const ids = (await expectSuccess(['get', 'pods', '-n', agentNamespace, ...selector, '-o', id])).split(
      ' ',
    );
    const agents = ids
      .flatMap(listContainerProcesses)
      .filter((pid) => /agent\.cjs/.test(readCommandLine(pid)));
    expect(agents.length).toBeGreaterThan(0);
    for (const pid of agents) killNodeProcess(pid, 'SIGSTOP');
    try {
      expect(await deletePod()).toBeLessThan((graceSeconds + 5) * 1000);
    } finally {
      for (const pid of agents) killNodeProcess(pid, 'SIGCONT');
    }
    expect((await ended).code).toBe(137);
  });
});

test('a target that has a session dump its memory into the target’s files gets nothing', async () => {
  const { ended } = await startSession(
    [pod, '-n', namespace, '-q', '--agent-namespace', agentNamespace, '--workdir', '/target/tmp'],
    'cat /proc/self/limits; sleep 4250; exit $?',
  );
  await doInTarget(
    'for file in $(grep -l "^sleep" /proc/[0-9]*/cmdline); do kill -SEGV $(basename $(dirname $file)); done',
  );
  const { code, stdout } = await ended;
  expect(code).toBe(128 + 11);
  // What the target's root can't raise: setrlimit(2).
  expect(stdout.toString()).toMatch(/^Max core file size +0 +0 /m);
  expect(await doInTarget('ls /tmp')).toBe('');
});

test('a target that kills every process of a session ends it, truthfully', async () => {
  const { ended } = await open();
  await doInTarget('kill -KILL -1');
  expect(await ended).toMatchObject({
    code: 137,
    stderr: 'warning: the session was killed by the target, or by somebody on the node (exit code 137)\n',
  });
  expect(await listOwnProcesses()).toEqual([]);
});
