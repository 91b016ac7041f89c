import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { getUserEnvironment, runCrashcart, runKubectl, waitUntil } from './harness/command-run.ts';
import { askDoctor, type DoctorReport } from './harness/doctor-findings.ts';
import { createInstrumentedPlugin } from './harness/instrumented-plugin.ts';
import { startOldApiServer } from './harness/old-api-server.ts';
import { readRenamedManifests } from './harness/renamed-manifests.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

/** As the manifests make it; its name is the beginning of all that is made besides. */
const sound = 'doctor-sound';
/** With all in it that can keep agents out. */
const broken = 'doctor-broken';
const targets = 'doctor-targets';
const clusterObjects = [
  'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings',
  '-l',
  `app.kubernetes.io/name=${sound}`,
];
const labels = { 'app.kubernetes.io/name': sound };
const policyVersion = 'admissionregistration.k8s.io/v1';

function describePod(name: string, image: string): object {
  // A pull that goes on would hold up the pod's deletion.
  const containers = [{ name: 'app', image, imagePullPolicy: 'Never' }];
  const spec = { terminationGracePeriodSeconds: 1, containers };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: targets }, spec };
}

const obstacles = [
  {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'none', namespace: broken },
    spec: { hard: { pods: '0' } },
  },
  {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'small', namespace: broken },
    spec: { limits: [{ type: 'Container', max: { memory: '1Gi' } }] },
  },
  {
    apiVersion: policyVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: broken, labels },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: ['batch'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['jobs'] },
        ],
      },
      validations: [{ expression: 'false', message: 'no Jobs on a Tuesday' }],
    },
  },
  {
    apiVersion: policyVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: broken, labels },
    spec: {
      policyName: broken,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': broken } } },
    },
  },
];

beforeAll(async () => {
  await expectSuccess(['delete', ...clusterObjects]);
  await Promise.all([
    createTestNamespace(sound, privilegedLabels),
    createTestNamespace(broken, { 'pod-security.kubernetes.io/enforce': 'restricted' }),
    createTestNamespace(targets),
  ]);
  await createObjects([
    describePod('app', 'crashcart.test/musl:1'),
    describePod('imageless', 'crashcart.test/no/such:1'),
    ...(await readRenamedManifests(sound, ['rbac.yaml', 'viewer.yaml'])),
    ...obstacles,
  ]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/app', '-n', targets, '--timeout=30s']);
  // Each takes a moment to hold.
  const probe = (resource: string[]) =>
    runKubectl(['create', ...resource, '--image=probe', '--dry-run=server', '-n', broken]);
  await waitUntil('the policy holds', async () =>
    (await probe(['job', 'probe'])).stderr.includes('on a Tuesday'),
  );
  await waitUntil('the quota is counted', async () => {
    const path = '{.status.hard.pods}';
    return (await expectSuccess(['get', 'quota', 'none', '-n', broken, '-o', `jsonpath=${path}`])) === '0';
  });
}, 120_000);

afterAll(async () => {
  await expectSuccess(['delete', ...clusterObjects]);
  await Promise.all([sound, broken, targets].map(leaveTestNamespace));
}, 90_000);

const inTargets = ['-n', targets];
const ask = (agents: string, ...more: string[]) =>
  askDoctor(['app', ...inTargets, '--agent-namespace', agents, ...more]);

function listChecks({ findings }: DoctorReport, status: string): string[] {
  return Object.entries(findings)
    .filter(([, finding]) => finding.status === status)
    .map(([check]) => check);
}

describe('where agents can run', () => {
  test('nothing has failed, and the exit code is 0', async () => {
    const report = await ask(sound);
    expect(listChecks(report, 'failed')).toEqual([]);
    expect(report.code).toBe(0);
    for (const check of [
      ...[
        'API server',
        'version',
        'clock',
        'target',
        'sandbox',
        'target capabilities',
        'may find targets',
        'may read nodes',
      ],
      ...['may make agents', 'may enter agents', 'may read refusals', 'may clean up'],
      ...['may wait for targets', 'may tell why', 'may name addresses', 'may leave events'],
      ...['agent namespace', 'quota', 'limit range', 'admission of Jobs', 'admission of pods'],
      ...['node', 'node taints', 'node pressure', 'container runtime', 'kernel', 'agents'],
    ])
      expect([check, report.findings[check]?.status]).toEqual([check, 'ok']);
    // Nobody is there to ask, and none is started for it.
    expect(report.findings['tunnel']).toMatchObject({
      status: 'unknown',
      message: 'not tried, since no agent runs',
    });
    expect(await expectSuccess(['get', 'jobs,pods', '-n', sound, '-o', 'name'])).toBe('');
  });

  test('who may debug, by the roles of the manifests, learns as much', async () => {
    const report = await ask(sound, '--as=eve', `--as-group=${sound}-users`);
    expect(listChecks(report, 'failed')).toEqual([]);
    expect(listChecks(report, 'warning')).not.toContain('may clean up');
    expect(report.findings['may leave events']?.status).toBe('warning');
    expect(report.findings['admission of pods']?.status).toBe('ok');
    expect(report.findings['quota']?.status).toBe('ok');
  });

  test('who may only look learns what they may not, and what they may not ask', async () => {
    const report = await ask(sound, '--as=eve', `--as-group=${sound}-viewers`);
    expect(listChecks(report, 'failed')).toEqual(['may make agents', 'may enter agents']);
    expect(report.findings['admission of pods']).toMatchObject({
      status: 'unknown',
      message: `you may not create pods in the namespace "${sound}"`,
    });
    for (const check of ['target', 'agent namespace', 'quota', 'limit range', 'node', 'agents'])
      expect([check, report.findings[check]?.status]).toEqual([check, 'ok']);
    // Of all nodes at once they may read nothing.
    const { findings } = await askDoctor(['--as=eve', `--as-group=${sound}-viewers`]);
    expect(findings['node']).toMatchObject({ status: 'unknown', fix: expect.stringContaining('TARGET') });
  });

  test('it is told as a table and as YAML too, and of the whole cluster without a target', async () => {
    const where = ['doctor', '--agent-namespace', sound];
    const table = await runCrashcart(where);
    expect(table.stdout.toString()).toMatch(/^CHECK +STATUS +MESSAGE\nAPI server +ok +/);
    const yaml = await runCrashcart([...where, '-o', 'yaml']);
    expect(load(yaml.stdout.toString())).toHaveProperty('items.0', expect.objectContaining({ status: 'ok' }));
    expect(table.stdout.toString()).toMatch(/^node +ok +all 2: ready/m);
  });
});

describe('where agents can’t run', () => {
  test('each obstacle is reported with its fix, and the exit code is 1', async () => {
    const report = await ask(broken);
    expect(report.code).toBe(1);
    const { findings } = report;
    expect(findings['agent namespace']).toMatchObject({
      status: 'failed',
      message: `the Pod Security level of "${broken}" is restricted`,
      fix: expect.stringContaining('kubectl label namespace'),
    });
    expect(findings['quota']).toMatchObject({
      status: 'failed',
      message: 'none: pods 0 of 0 used, an agent takes 1',
    });
    expect(findings['limit range']).toMatchObject({
      status: 'failed',
      message: 'small (Container) has a maximum of 1Gi memory, an agent has 4Gi',
    });
    expect(findings['admission of Jobs']).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('no Jobs on a Tuesday'),
    });
    expect(findings['admission of pods']).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('the cluster refuses the agent'),
    });
  });

  test('a namespace that is not there is told', async () => {
    const { code, findings } = await ask('doctor-nowhere');
    expect(code).toBe(1);
    expect(findings['agent namespace']).toMatchObject({
      status: 'failed',
      message: 'the namespace "doctor-nowhere" does not exist',
    });
  });

  test('whoever may do nothing is told each step that they may not take', async () => {
    const { code, findings } = await ask(sound, '--as=nobody');
    expect(code).toBe(1);
    for (const [check, status] of [
      ['may find targets', 'failed'],
      ['may read nodes', 'warning'],
      ['may make agents', 'failed'],
      ['may enter agents', 'failed'],
      ['may read refusals', 'warning'],
      ['may clean up', 'warning'],
      ['may wait for targets', 'warning'],
      ['may tell why', 'warning'],
      ['may name addresses', 'warning'],
      ['may leave events', 'warning'],
      ['target', 'unknown'],
      ['agent namespace', 'unknown'],
      ['quota', 'unknown'],
      ['limit range', 'unknown'],
      ['admission of Jobs', 'unknown'],
      ['agents', 'unknown'],
    ])
      expect([check, findings[check as string]?.status]).toEqual([check, status]);
    expect(findings['may enter agents']?.message).toBe(
      `you may not get, create pods/exec in the namespace "${sound}"`,
    );
  });

  test.each([
    ['absent', 'pod "absent" was not found'],
    ['imageless', 'container "app" of pod "imageless"'],
  ])('a target that can’t be entered is told: %s', async (target, words) => {
    const { code, findings } = await askDoctor([target, ...inTargets, '--agent-namespace', sound]);
    expect(code).toBe(1);
    expect(findings['target']).toMatchObject({ status: 'failed', message: expect.stringContaining(words) });
  });

  test('an image that is not to be pulled and not there is told', async () => {
    const flags = ['--image', 'crashcart.test/no/such:1', '--image-pull-policy', 'Never'];
    expect((await ask(sound, ...flags)).findings['image']).toMatchObject({ status: 'failed' });
    const present = ['--image', 'crashcart.test/musl:1'];
    // The kubelet tells of its images from time to time.
    await waitUntil(
      'an image that is there is found',
      async () => (await ask(sound, ...present)).findings['image']?.status === 'ok',
      50_000,
    );
  });

  test('a Secret to pull the image with that is not there is told', async () => {
    const { findings } = await ask(sound, '--image-pull-secret', 'absent');
    expect(findings['image']).toMatchObject({
      status: 'failed',
      message: `the namespace "${sound}" has no Secret absent to pull the image with`,
    });
  });

  test('a node that is not there is told', async () => {
    const { code, findings } = await askDoctor(['node/absent', '--agent-namespace', sound]);
    expect(code).toBe(1);
    expect(findings['node']).toMatchObject({ status: 'failed', message: 'node "absent" was not found' });
  });
});

test('an API server that does not answer is all that is told', async () => {
  const { code, findings } = await askDoctor(['--server', 'https://127.0.0.1:1']);
  expect(code).toBe(1);
  expect(Object.keys(findings)).toEqual(['API server']);
  expect(findings['API server']).toMatchObject({ status: 'failed' });
});

test('an API server that is too old is told', async () => {
  const server = await startOldApiServer(29);
  try {
    const { code, findings } = await askDoctor(['--server', server.address, '--agent-namespace', sound]);
    expect(code).toBe(0);
    expect(findings['version']).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^Kubernetes 1\.29 /),
      fix: expect.stringContaining('upgrade'),
    });
    expect(findings['node']).toMatchObject({ status: 'ok' });
  } finally {
    server.close();
  }
});

test('a clock that is wrong is told', async () => {
  // That of the client's JavaScript alone. The Date header has whole seconds, and the answer takes time:
  // what is told is some seconds off an hour, to either side.
  const later = 'const now = Date.now; Date.now = () => now() + 3600000';
  const directory = await mkdtemp(join(tmpdir(), 'crashcart-clock-'));
  try {
    const program = `--import=data:text/javascript,${encodeURIComponent(later)}`;
    const folder = await createInstrumentedPlugin(directory, [program.replaceAll("'", '%27')]);
    const { PATH } = await getUserEnvironment();
    const env = { PATH: [folder, PATH].join(delimiter) };
    const { findings } = await askDoctor(['--agent-namespace', sound], { env });
    expect(findings['clock']).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^this machine's is (359\d|36\d\d) s ahead of the API server's$/),
    });
  } finally {
    await rm(directory, { recursive: true });
  }
});
