import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bridge } from './cluster/cluster-layout.ts';
import { runCrashcart, runKubectl, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

const prefix = 'fails';
/** One each, so that no obstacle is in another's way. */
const namespaces = {
  restricted: `${prefix}-restricted`,
  quota: `${prefix}-quota`,
  webhook: `${prefix}-webhook`,
  policy: `${prefix}-policy`,
  jobPolicy: `${prefix}-job-policy`,
  free: `${prefix}-free`,
};
/** A refusal is to be told within 5 s; the rest is for an API server that is slow. */
const refusalLimitMs = 8000;
const noSuchImage = 'crashcart.test/no/such:1';
const labels = { 'crashcart.test/for': prefix };
const ours = ['-l', `crashcart.test/for=${prefix}`];
const obstacles =
  'validatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings';

function describePolicy(namespace: string, apiGroups: string[], resource: string): object[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const metadata = { name: namespace, labels };
  const rule = { apiGroups, apiVersions: ['v1'], operations: ['CREATE'], resources: [resource] };
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: 'false', message: 'nothing runs here on a Tuesday' }],
      },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: {
        policyName: namespace,
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: selectNamespace(namespace) },
      },
    },
  ];
}

/** Its server is not there, so it fails, and what it watches over is refused. */
function describeWebhook(namespace: string): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: namespace, labels },
    webhooks: [
      {
        name: 'pods.crashcart.test',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        namespaceSelector: selectNamespace(namespace),
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  };
}

function selectNamespace(name: string) {
  return { matchLabels: { 'kubernetes.io/metadata.name': name } };
}

beforeAll(async () => {
  await expectSuccess(['delete', obstacles, ...ours]);
  const { restricted, quota, webhook, policy, jobPolicy } = namespaces;
  await Promise.all(
    Object.values(namespaces).map((name) =>
      createTestNamespace(
        name,
        name === restricted ? { 'pod-security.kubernetes.io/enforce': 'restricted' } : privilegedLabels,
      ),
    ),
  );
  await createObjects([
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none', namespace: quota },
      spec: { hard: { pods: '0' } },
    },
    describeWebhook(webhook),
    ...describePolicy(policy, [''], 'pods'),
    ...describePolicy(jobPolicy, ['batch'], 'jobs'),
  ]);
  // Each takes a moment to hold.
  const pod = ['run', 'probe', '--image=probe', '--dry-run=server'];
  const job = ['create', 'job', 'probe', '--image=probe', '--dry-run=server'];
  for (const [namespace, attempt] of [
    ...[restricted, quota, webhook, policy].map((name) => [name, pod] as const),
    [jobPolicy, job] as const,
  ]) {
    const isRefused = async () => (await runKubectl([...attempt, '-n', namespace])).code !== 0;
    await waitUntil(`what keeps agents out of ${namespace} holds`, isRefused);
  }
}, 120_000);

afterAll(async () => {
  await expectSuccess(['delete', obstacles, ...ours]);
  await Promise.all(Object.values(namespaces).map(deleteTestNamespace));
}, 90_000);

/** @returns how a command on node-1 ended whose agent has to be made in a namespace. */
async function start(namespace: string, ...flags: string[]) {
  const startedAt = performance.now();
  const where = ['musl', '-n', 'targets', '--agent-namespace', namespace];
  const { code, stdout, stderr } = await runCrashcart([...where, ...flags, '--', 'true']);
  expect(stdout.toString()).toBe('');
  return { code, error: stderr, ms: performance.now() - startedAt };
}

async function expectNothingLeft(namespace: string): Promise<void> {
  expect(await expectSuccess(['get', 'jobs', '-n', namespace, '-o', 'name'])).toBe('');
  // Its garbage collector follows.
  const listPods = ['get', 'pods', '-n', namespace, '-o', 'name'];
  await waitUntil(`no pod in ${namespace}`, async () => (await expectSuccess(listPods)) === '');
}

describe('an agent that the cluster refuses', () => {
  test.each([
    [
      'for Pod Security',
      namespaces.restricted,
      /refuses the agent's pod .*violates PodSecurity "restricted:.*privileged/s,
      'needs the label pod-security.kubernetes.io/enforce=privileged',
    ],
    [
      'for a quota',
      namespaces.quota,
      /refuses the agent's pod .*exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0/,
      'A ResourceQuota of the namespace',
    ],
    [
      'as a webhook fails closed',
      namespaces.webhook,
      /refuses the agent's pod .*failed calling webhook "pods\.crashcart\.test": .*connection refused/,
      'An admission policy of the cluster forbids agents',
    ],
    [
      'for a policy',
      namespaces.policy,
      /refuses the agent's pod .*denied request: nothing runs here on a Tuesday/,
      'An admission policy of the cluster forbids agents',
    ],
    [
      'for a policy, by its Job',
      namespaces.jobPolicy,
      /refuses the agent's Job .*denied request: nothing runs here on a Tuesday/,
      'An admission policy of the cluster forbids agents',
    ],
  ])(
    '%s is given up at once, with the cluster’s words, and nothing is left',
    async (_why, namespace, words, advice) => {
      const { code, error, ms } = await start(namespace);
      expect(code).toBe(125);
      expect(error).toMatch(words);
      expect(error).toMatch(new RegExp(`^error: .* in the namespace "${namespace}": `));
      expect(error).toContain(advice);
      expect(ms).toBeLessThan(refusalLimitMs);
      await expectNothingLeft(namespace);
    },
  );

  test('starts as soon as what was in its way is gone', async () => {
    const label = ['pod-security.kubernetes.io/enforce=privileged', '--overwrite'];
    await expectSuccess(['label', 'namespace', namespaces.restricted, ...label]);
    expect(await start(namespaces.restricted)).toMatchObject({ code: 0, error: '' });
  });
});

describe('an image that can’t be pulled', () => {
  test('as its registry refuses is given up within 15 s, with the kubelet’s words', async () => {
    const image = '127.0.0.1:1/no/such:1';
    const run = start(namespaces.free, '--image', image);
    const path = '{.items[*].status.containerStatuses[0].state.waiting.reason}';
    const getReason = ['get', 'pods', '-n', namespaces.free, '-o', `jsonpath=${path}`];
    await waitUntil('the pull fails', async () => /ImagePull/.test(await expectSuccess(getReason)));
    const failedAt = performance.now();
    const { code, error } = await run;
    expect(performance.now() - failedAt).toBeLessThan(15_000);
    expect(code).toBe(125);
    expect(error).toMatch(
      /^error: the agent's image "127\.0\.0\.1:1\/no\/such:1" can't be pulled on the node "node-\d": /,
    );
    expect(error).toMatch(/dial tcp 127\.0\.0\.1:1: connect: connection refused/);
    expect(error).toContain('--image');
    await expectNothingLeft(namespaces.free);
  });

  test('as it must not be pulled is given up at once', async () => {
    const { code, error, ms } = await start(
      namespaces.free,
      ...['--image', noSuchImage, '--image-pull-policy', 'Never'],
    );
    expect(code).toBe(125);
    expect(error).toMatch(/ErrImageNeverPull: .*is not present with pull policy of Never/);
    expect(ms).toBeLessThan(refusalLimitMs);
    await expectNothingLeft(namespaces.free);
  });
});

describe('a start that takes longer than --timeout', () => {
  const connections = new Set<Socket>();
  /** Takes requests and never answers. */
  const registry = createServer((connection) => {
    connection.on('error', () => undefined);
    connections.add(connection);
  });

  beforeAll(() => once(registry.listen(0, bridge.address), 'listening'));

  function closeRegistry(): void {
    registry.close();
    for (const connection of connections) connection.destroy();
  }

  afterAll(closeRegistry);

  test('is given up, with what it was waiting for, and nothing is left', async () => {
    const image = `${bridge.address}:${(registry.address() as AddressInfo).port}/slow:1`;
    const { code, error, ms } = await start(namespaces.free, '--image', image, '--timeout', '2s');
    expect(code).toBe(125);
    expect(error).toMatch(/^error: the agent on the node "node-\d" was not running within 2 s: \S+/);
    expect(error).toContain('--timeout');
    expect(ms).toBeLessThan(refusalLimitMs);
    // The kubelet ends the pod once its pull has ended.
    closeRegistry();
    await expectNothingLeft(namespaces.free);
  });
});
