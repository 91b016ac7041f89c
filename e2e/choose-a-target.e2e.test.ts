import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recordExample } from './cookbook/recorded-example.ts';
import { runCrashcart, runKubectl } from './harness/command-run.ts';
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

const group = 'choose-a-target.crashcart.dev';

/** A kind of resources that is found like Argo's Rollouts: by the selector in the status, which its scale has. */
function describeKind(kind: string, shortName: string, subresources: object) {
  const plural = `${kind.toLowerCase()}s`;
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const version = { served: true, schema: { openAPIV3Schema }, subresources };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, shortNames: [shortName] },
      versions: [
        { name: 'v1', storage: true, ...version },
        { name: 'v1alpha1', storage: false, ...version },
      ],
    },
  };
}

const scale = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.selector',
};
const kinds = [describeKind('Rollout', 'rlt', { scale }), describeKind('Widget', 'wdg', {})];
const kindNames = kinds.map(({ metadata }) => `customresourcedefinition/${metadata.name}`);

function describeCustom(kind: string, name: string, more: object) {
  return { apiVersion: `${group}/v1`, kind, metadata: { name, namespace }, ...more };
}

beforeAll(async () => {
  await createTestNamespace(namespace);
  await deleteKinds();
  await createObjects(kinds);
  await expectSuccess(['wait', '--for=condition=Established', ...kindNames, '--timeout=30s']);
  const nightly = {
    schedule: '* * * * *',
    concurrencyPolicy: 'Forbid',
    jobTemplate: {
      spec: {
        template: {
          ...describePod('nightly'),
          spec: { ...describePod('nightly').spec, restartPolicy: 'Never' },
        },
      },
    },
  };
  await createObjects([
    { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'nightly', namespace }, spec: nightly },
    {
      ...{ apiVersion: 'batch/v1', kind: 'CronJob' },
      ...{ metadata: { name: 'asleep', namespace }, spec: { ...nightly, suspend: true } },
    },
    {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'old', namespace },
      spec: { replicas: 1, selector: { app: 'old' }, template: describePod('old') },
    },
    describeCustom('Rollout', 'scaled', {
      spec: { replicas: 1, selector: { matchLabels: { app: 'nobody' } } },
      status: { replicas: 1, selector: 'app in (web)' },
    }),
    describeCustom('Rollout', 'young', { spec: { selector: { matchLabels: { app: 'web' } } } }),
    describeCustom('Widget', 'matching', { spec: { selector: { matchLabels: { app: 'store' } } } }),
    describeCustom('Widget', 'labelled', { spec: { selector: { app: 'store' } } }),
    describeCustom('Widget', 'alone', { spec: {} }),
  ]);
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
  const running = '--for=jsonpath={.status.active[0].name}';
  await expectSuccess(['wait', running, 'cronjob/nightly', '-n', namespace, '--timeout=75s']);
  const itsPod = [
    'wait',
    '--for=condition=Ready',
    'pod',
    '-l',
    'app=nightly',
    '-n',
    namespace,
    '--timeout=30s',
  ];
  await expectSuccess(itsPod);
}, 240_000);

afterAll(async () => {
  await deleteTestNamespace(namespace);
  await deleteKinds();
}, 90_000);

async function deleteKinds(): Promise<void> {
  await expectSuccess(['delete', ...kindNames, '--ignore-not-found', '--timeout=30s']);
}

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
    ['rc/old', /^old-/],
    ['ReplicationControllers.v1./old', /^old-/],
    ['Deployment.v1.apps/web', /^web-/],
    ['deploy.apps/web', /^web-/],
    ['cronjob/nightly', /^nightly-/],
    ['cj/nightly', /^nightly-/],
    // Custom resources: by the scale's selector, which is right even where the object has another, or by the object's.
    ['rollout/scaled', /^web-/],
    ['rlt/scaled', /^web-/],
    [`Rollouts.v1alpha1.${group}/scaled`, /^web-/],
    ['rollouts.choose-a/scaled', /^web-/],
    ['rollout/young', /^web-/],
    ['widget/matching', /^store-0 /],
    [`widgets.${group}/labelled`, /^store-0 /],
  ])('named %s is a pod of it', async (name, inside) => {
    expect(await enter([name])).toMatchObject({ code: 0, inside: expect.stringMatching(inside) });
  });

  test.each(['rc/old', 'Deployment.v1.apps/web', 'deploy.apps/web', 'job/job'])(
    'named %s is the pod that kubectl takes',
    async (name) => {
      const kubectl = await expectSuccess(['exec', name, '-n', namespace, '--', 'hostname']);
      expect(await enter([name])).toMatchObject({ inside: `${kubectl.trim()} server` });
    },
  );

  test.each([
    [
      'cronjob/asleep',
      /^error: cronjobs\/asleep has no running Job in the namespace "[^"]+": none was made yet; it is suspended\n/,
    ],
    ['cronjob/missing', /^error: cronjobs "missing" was not found in the namespace/],
    ['widget/alone', /^error: widgets\.\S+\/alone selects no pods\n/],
    ['rollout/missing', /^error: rollouts\.\S+ "missing" was not found in the namespace/],
    ['configmap/kube-root-ca.crt', /^error: configmaps\/kube-root-ca\.crt selects no pods\n/],
  ])('that has no pod is told as such: %s', async (name, message) => {
    expect(await enter([name])).toMatchObject({ code: 125, stderr: expect.stringMatching(message) });
  });

  test.each([
    [
      'namespace/default',
      /^error: "namespace\/default" has no pods: objects of namespaces are in no namespace\n/,
    ],
    [
      'widgets.v2.choose-a-target.crashcart.dev/alone',
      /^error: the server doesn't have a resource type "widgets\.v2\./,
    ],
  ])('of no such kind is refused: %s', async (name, message) => {
    expect(await enter([name])).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    const kubectl = await runKubectl(['exec', name, '-n', namespace, '--', 'hostname']);
    expect(kubectl.code).toBe(1);
  });

  test('of a custom kind is completed and examined like any other', async () => {
    const completed = await runCrashcart(['__complete', '-n', namespace, 'widget/']);
    expect(completed.stdout.toString()).toContain('widget/labelled');
    const { stdout } = await runCrashcart(['doctor', 'widget/labelled', '-n', namespace]);
    expect(stdout.toString()).toMatch(/target +ok +container "server" of pod "store-0"/i);
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
    const args = ['plain', '-n', namespace, '--', 'hostname'];
    await recordExample('two-containers', args, await runCrashcart(args));
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
