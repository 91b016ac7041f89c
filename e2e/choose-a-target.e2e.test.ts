import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';

const namespace = 'choose-a-target';
const image = 'crashcart.test/musl:1';

function describePod(app: string, annotations: Record<string, string> = {}, names = ['server']) {
  return {
    metadata: { labels: { app }, annotations },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: names.map((name, index) => ({
        name,
        image,
        env: [{ name: 'PORT', value: String(8080 + index) }],
      })),
    },
  };
}

function describeWorkload(kind: string, name: string, more: object = {}) {
  const spec = { selector: { matchLabels: { app: name } }, template: describePod(name), ...more };
  return { apiVersion: 'apps/v1', kind, metadata: { name, namespace }, spec };
}

beforeAll(async () => {
  await createTestNamespace(namespace);
  const job = describePod('job');
  const several = (name: string, annotations: Record<string, string>) => {
    const { metadata, spec } = describePod(name, annotations, ['first', 'second']);
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, ...metadata }, spec };
  };
  await createObjects([
    describeWorkload('Deployment', 'web', { replicas: 1 }),
    describeWorkload('StatefulSet', 'store', { serviceName: 'store' }),
    describeWorkload('DaemonSet', 'everywhere'),
    describeWorkload('ReplicaSet', 'set', { replicas: 1 }),
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'job', namespace },
      spec: { template: { ...job, spec: { ...job.spec, restartPolicy: 'Never' } } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'front', namespace },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'by-crun', namespace },
      spec: { ...describePod('by-crun').spec, runtimeClassName: 'crun' },
    },
    several('plain', {}),
    several('annotated', { 'kubectl.kubernetes.io/default-container': 'second' }),
  ]);
  const ready = ['wait', '--for=condition=Ready', 'pod', '--all', '-n', namespace, '--timeout=60s'];
  await expectSuccess(['rollout', 'status', 'deployment/web', '-n', namespace, '--timeout=60s']);
  await expectSuccess(['rollout', 'status', 'statefulset/store', '-n', namespace, '--timeout=60s']);
  await expectSuccess(['rollout', 'status', 'daemonset/everywhere', '-n', namespace, '--timeout=60s']);
  await expectSuccess(ready);
}, 120_000);

afterAll(() => deleteTestNamespace(namespace), 60_000);

/** @returns the host name, which is the pod's name, and the container that a session says it is in. */
async function enter(args: string[]) {
  const { code, stdout, stderr } = await runCrashcart([
    ...args,
    ...['-n', namespace, '--', 'sh', '-c', 'echo "$(hostname) $CRASHCART_CONTAINER"'],
  ]);
  return { code, inside: stdout.toString().trim(), stderr };
}

describe('a target', () => {
  test.each([
    ['deployment/web', /^web-/],
    ['deploy/web', /^web-/],
    ['statefulset/store', /^store-0 /],
    ['sts/store', /^store-0 /],
    ['daemonset/everywhere', /^everywhere-/],
    ['replicaset/set', /^set-/],
    ['job/job', /^job-/],
    ['service/front', /^web-/],
    ['svc/front', /^web-/],
    ['pod/plain', /^plain /],
    ['plain', /^plain /],
  ])('named %s is a pod of it', async (name, inside) => {
    expect(await enter([name])).toMatchObject({ code: 0, inside: expect.stringMatching(inside) });
  });

  test('that is run by another OCI runtime is entered all the same', async () => {
    expect(await enter(['by-crun'])).toMatchObject({ code: 0, inside: 'by-crun server' });
  });

  test('that is a node shows the node’s processes, its files and its host name', async () => {
    const script = 'hostname; ps -C kubelet -o comm= | head -n 1; ls -d /target/var/lib/kubelet';
    const { stdout } = await runCrashcart(['node/node-2', '-q', '--', 'sh', '-c', script]);
    expect(stdout.toString()).toBe('node-2\nkubelet\n/target/var/lib/kubelet\n');
  });
});

describe('the container', () => {
  test('is the first, said on stderr when there was a choice', async () => {
    expect(await enter(['plain'])).toEqual({
      code: 0,
      inside: 'plain first',
      stderr: 'Defaulted container "first" out of: first, second\n',
    });
  });

  test('is not told about with -q', async () => {
    expect(await enter(['plain', '-q'])).toEqual({ code: 0, inside: 'plain first', stderr: '' });
  });

  test('is the pod’s default one where it has an annotation, without a word', async () => {
    expect(await enter(['annotated'])).toEqual({ code: 0, inside: 'annotated second', stderr: '' });
  });

  test('is the one that was asked for', async () => {
    expect(await enter(['annotated', '-c', 'first'])).toMatchObject({ code: 0, inside: 'annotated first' });
  });

  test('may be an ephemeral one', async () => {
    const debug = ['debug', 'plain', '-n', namespace, `--image=${image}`, '-c', 'extra', '--attach=false'];
    await expectSuccess([...debug, '--env=PORT=8099']);
    const state = 'jsonpath={.status.ephemeralContainerStatuses[0].state.running.startedAt}';
    await expectSuccess(['wait', `--for=${state}`, 'pod/plain', '-n', namespace, '--timeout=30s']);
    expect(await enter(['plain', '-c', 'extra'])).toMatchObject({ code: 0, inside: 'plain extra' });
  });
});
