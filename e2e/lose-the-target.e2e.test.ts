import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart, runKubectl, startKubectl, waitUntil } from './harness/command-run.ts';
import { killNodeProcess, listContainerProcesses } from './harness/node-processes.ts';
import { startSession } from './harness/started-session.ts';
import { getTargetPod } from './harness/target-snapshot.ts';
import { createObjects, createTestNamespace, deleteTestNamespace } from './harness/test-namespace.ts';

const namespace = 'lose-the-target';
const image = 'crashcart.test/musl:1';

beforeAll(() => createTestNamespace(namespace), 60_000);
afterAll(() => deleteTestNamespace(namespace), 60_000);

interface TargetShape {
  env?: Record<string, string>;
  memory?: string;
  /** A script of busybox instead of the server. */
  script?: string;
  restartPolicy?: string;
  sharesProcesses?: boolean;
  names?: string[];
  livenessProbe?: object;
}

/** Makes a pod and waits until all of its containers run. */
async function createTarget(name: string, shape: TargetShape = {}): Promise<string> {
  const {
    env = {},
    memory,
    script,
    restartPolicy = 'Always',
    sharesProcesses = false,
    names = ['app'],
    livenessProbe,
  } = shape;
  const containers = names.map((container, index) => ({
    name: container,
    image,
    env: Object.entries({ PORT: String(8080 + index), ...env }).map(([key, value]) => ({ name: key, value })),
    ...(script === undefined ? {} : { command: ['sh', '-c', script] }),
    ...(livenessProbe === undefined ? {} : { livenessProbe }),
    ...(memory === undefined ? {} : { resources: { limits: { memory } } }),
  }));
  await createObjects([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: {
        containers,
        restartPolicy,
        shareProcessNamespace: sharesProcesses,
        terminationGracePeriodSeconds: 1,
      },
    },
  ]);
  const ready = ['wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=30s'];
  expect(await runKubectl(ready)).toMatchObject({ code: 0 });
  return name;
}

/** Kills a container's first process, as its own crash would. */
async function killContainer(pod: string, index = 0): Promise<void> {
  const { status } = await getTargetPod(namespace, pod);
  const [pid] = listContainerProcesses(status.containerStatuses[index]?.containerID ?? '-');
  if (pid === undefined) throw new Error(`${pod} does not run`);
  killNodeProcess(pid, 'SIGKILL');
}

const open = (pod: string, script?: string) => startSession([pod, '-n', namespace, '-q'], script);
const lost = 'error: the target has ended, and the session with it: ';

describe('a session whose target', () => {
  test('is killed says so, with what the API says of it, and can be opened again in its next run', async () => {
    const pod = await createTarget('killed');
    const { ended } = await open(pod);
    await killContainer(pod);
    expect(await ended).toMatchObject({
      code: 137,
      stderr: `${lost}container "app" of pod "killed" ended: exit code 137 (Error)\n`,
    });
    await waitUntil('it runs again', async () => {
      const { code } = await runCrashcart([pod, '-n', namespace, '-q', '--', 'true']);
      return code === 0;
    });
  });

  test('starts again is followed into its next run with --follow', async () => {
    const pod = await createTarget('followed');
    const script = 'echo "$CRASHCART_POD $(cat /target/proc/1/stat | cut -d" " -f22)"; sleep 4253';
    const client = await startKubectl([
      'crashcart',
      pod,
      '-n',
      namespace,
      '--follow',
      '--',
      'bash',
      '-c',
      script,
    ]);
    const lines: string[] = [];
    let stderr = '';
    client.stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString().trim().split('\n')));
    client.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    try {
      await waitUntil('the first run is entered', () => Promise.resolve(lines.length === 1));
      await killContainer(pod);
      await waitUntil('the next run is entered', () => Promise.resolve(lines.length === 2));
      expect(lines[0]).not.toBe(lines[1]);
      expect(stderr).toMatch(
        /^note: container "app" of pod "followed" ended: .*; its next start is waited for$/m,
      );
    } finally {
      client.kill('SIGTERM');
    }
  });

  test('ends by itself says with which exit code', async () => {
    const pod = await createTarget('finished', {
      restartPolicy: 'Never',
      script: 'while ! [ -e /tmp/end ]; do sleep 0.1; done; exit 3',
    });
    const { ended } = await open(pod, 'echo open; touch /target/tmp/end; sleep 4251');
    expect(await ended).toMatchObject({
      code: 137,
      stderr: `${lost}container "app" of pod "finished" ended: exit code 3 (Error)\n`,
    });
  });

  test('is out of memory says so', async () => {
    const pod = await createTarget('hungry', {
      memory: '32Mi',
      env: { ALLOCATE_MIB: '200' },
      restartPolicy: 'Never',
      script: 'while ! [ -e /tmp/end ]; do sleep 0.1; done; exec server',
    });
    const { ended } = await open(pod, 'echo open; touch /target/tmp/end; sleep 4252');
    expect(await ended).toMatchObject({
      code: 137,
      stderr: `${lost}container "app" of pod "hungry" ended: exit code 137 (OOMKilled)\n`,
    });
  });

  test('stands still for too long is ended by its probe: both the beginning and the end say so', async () => {
    const httpGet = { path: '/', port: 8080 };
    const pod = await createTarget('probed', {
      restartPolicy: 'Never',
      livenessProbe: { httpGet, periodSeconds: 1, failureThreshold: 2 },
    });
    const debug = ['gdb', '-q', '-batch', '-p', '1', '-ex', 'shell sleep 60'];
    const { code, stderr } = await runCrashcart([pod, '-n', namespace, '--', ...debug]);
    expect(code).toBe(137);
    expect(stderr).toMatch(
      /^note: the liveness probe of container "app" ends it after standing still for 2 to 3 s$/m,
    );
    expect(stderr).toMatch(
      /^error: .*: container "app" of pod "probed" ended: exit code 137 \(Error\); the liveness probe ended it \(Get "http:.*deadline exceeded/m,
    );
    const quick = await createTarget('unprobed');
    const free = await runCrashcart([quick, '-n', namespace, '--', 'gdb', '--version']);
    expect(free.stderr).not.toContain('probe');
  });

  test('is deleted does not hold it up, and says so', async () => {
    const pod = await createTarget('deleted');
    const { ended } = await open(pod);
    const startedAt = performance.now();
    await runKubectl(['delete', 'pod', pod, '-n', namespace]);
    expect(performance.now() - startedAt).toBeLessThan(6000);
    const { code, stderr } = await ended;
    expect(code).toBe(137);
    expect(stderr).toMatch(
      /(pod "deleted" (was|is being) deleted|container "app" of pod "deleted" ended: .*)\n$/,
    );
  });

  test('shares its PID namespace with a container that lives on ends all the same', async () => {
    const pod = await createTarget('shared', { sharesProcesses: true, names: ['app', 'sidecar'] });
    const { ended } = await startSession([pod, '-c', 'sidecar', '-n', namespace, '-q']);
    await killContainer(pod, 1);
    const { code, stderr } = await ended;
    expect(code).toBe(137);
    expect(stderr).toBe(`${lost}container "sidecar" of pod "shared" ended: exit code 137 (Error)\n`);
  });
});
