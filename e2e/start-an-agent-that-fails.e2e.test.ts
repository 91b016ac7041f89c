import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runKubectl, waitUntil } from './harness/command-run.ts';
import { expectNothingLeft, refusalLimitMs, startAgentIn } from './harness/agent-start.ts';
import { askDoctor } from './harness/doctor-findings.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
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
  queue: `${prefix}-queue`,
  unnamed: `${prefix}-quota-of-limits`,
  maximum: `${prefix}-maximum`,
  ratio: `${prefix}-ratio`,
  ending: `${prefix}-ending`,
};
const labels = { 'crashcart.test/for': prefix };
const ours = ['-l', `crashcart.test/for=${prefix}`];
const obstacles =
  'validatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings,mutatingadmissionpolicies,mutatingadmissionpolicybindings';
/** Keeps a namespace from being gone before the test has seen it. */
const finalizer = 'crashcart.test/hold';

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

/** Plays a queue: Kueue suspends Jobs when they are made, and lets them go when their turn comes. */
function describeQueue(namespace: string): object[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const metadata = { name: namespace, labels };
  const rule = { apiGroups: ['batch'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['jobs'] };
  return [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata,
      spec: {
        matchConstraints: { resourceRules: [rule] },
        reinvocationPolicy: 'Never',
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: { expression: 'Object{spec: Object.spec{suspend: true}}' },
          },
        ],
      },
    },
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: namespace, matchResources: { namespaceSelector: selectNamespace(namespace) } },
    },
  ];
}

function describeLimits(namespace: string, limits: object): object {
  return {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'range', namespace },
    spec: { limits: [{ type: 'Container', ...limits }] },
  };
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
  const { restricted, quota, webhook, policy, jobPolicy, queue, unnamed, maximum, ratio, ending } =
    namespaces;
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
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'cpu', namespace: unnamed },
      spec: { hard: { 'limits.cpu': '4' } },
    },
    describeLimits(maximum, { max: { memory: '1Gi' } }),
    describeLimits(ratio, { maxLimitRequestRatio: { memory: '2' } }),
    ...describeQueue(queue),
    describeWebhook(webhook),
    ...describePolicy(policy, [''], 'pods'),
    ...describePolicy(jobPolicy, ['batch'], 'jobs'),
  ]);
  await expectSuccess(['patch', 'namespace', ending, '--type=merge', '-p', holdNamespace([finalizer])]);
  await expectSuccess(['delete', 'namespace', ending, '--wait=false']);
  // Each takes a moment to hold.
  const pod = ['run', 'probe', '--image=probe', '--dry-run=server'];
  const job = ['create', 'job', 'probe', '--image=probe', '--dry-run=server'];
  const suspended = [...job, '-n', queue, '-o', 'jsonpath={.spec.suspend}'];
  await waitUntil('Jobs are suspended', async () => (await expectSuccess(suspended)) === 'true');
  for (const [namespace, attempt] of [
    ...[restricted, quota, webhook, policy, unnamed].map((name) => [name, pod] as const),
    [jobPolicy, job] as const,
  ]) {
    const isRefused = async () => (await runKubectl([...attempt, '-n', namespace])).code !== 0;
    await waitUntil(`what keeps agents out of ${namespace} holds`, isRefused);
  }
}, 120_000);

afterAll(async () => {
  await expectSuccess(['delete', obstacles, ...ours]);
  const { ending } = namespaces;
  await runKubectl(['patch', 'namespace', ending, '--type=merge', '-p', holdNamespace([])]);
  await Promise.all(Object.values(namespaces).map(leaveTestNamespace));
}, 90_000);

function holdNamespace(finalizers: string[]): string {
  return JSON.stringify({ metadata: { finalizers } });
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
      'The admission webhook "pods.crashcart.test" does not answer',
    ],
    [
      'for a quota of what the agent does not name',
      namespaces.unnamed,
      /refuses the agent's pod .*failed quota: cpu: must specify limits\.cpu for: agent/,
      'wants each container to name this resource',
    ],
    [
      'for a LimitRange',
      namespaces.maximum,
      /refuses the agent's pod .*maximum memory usage per Container is 1Gi/,
      'A LimitRange of the namespace',
    ],
    [
      'for the ratio of a LimitRange',
      namespaces.ratio,
      /refuses the agent's pod .*limit to request ratio per Container is 2/,
      'A LimitRange of the namespace',
    ],
    [
      'as its namespace is being deleted',
      namespaces.ending,
      /refuses the agent's Job .*because it is being terminated/,
      'Wait until it is gone',
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
      const { code, error, ms } = await startAgentIn(namespace);
      expect(code).toBe(125);
      expect(error).toMatch(words);
      expect(error).toMatch(new RegExp(`^error: .* in the namespace "${namespace}": `));
      expect(error).toContain(advice);
      expect(ms).toBeLessThan(refusalLimitMs);
      await expectNothingLeft(namespace);
    },
  );

  test('for a while, by a queue, is told as suspended, by doctor as well, and nothing is left', async () => {
    const { code, error, ms } = await startAgentIn(namespaces.queue);
    expect(code).toBe(125);
    expect(error).toMatch(
      /^error: the cluster holds the agent's Job .* back: the Job is suspended, by a queue/,
    );
    expect(error).toContain('kubectl crashcart install');
    expect(ms).toBeLessThan(15_000);
    await expectNothingLeft(namespaces.queue);
    const { findings } = await askDoctor(['--agent-namespace', namespaces.queue]);
    expect(findings['admission of Jobs']).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('the Job is suspended'),
    });
  });

  test('starts when a queue lets its Job go', async () => {
    const run = startAgentIn(namespaces.queue);
    const list = ['get', 'jobs', '-n', namespaces.queue, '-o', 'name'];
    await waitUntil('the Job is there', async () => (await expectSuccess(list)) !== '');
    const [job = ''] = (await expectSuccess(list)).split('\n');
    await expectSuccess(['patch', job, '-n', namespaces.queue, '-p', '{"spec":{"suspend":false}}']);
    expect(await run).toMatchObject({ code: 0, error: '' });
  });

  test.each([
    [namespaces.maximum, 'limit range', 'has a maximum of 1Gi memory'],
    [namespaces.ratio, 'limit range', 'allows a limit above its request by a factor of 2'],
    [namespaces.unnamed, 'admission of pods', 'must specify limits.cpu'],
    [namespaces.quota, 'quota', 'pods 0 of 0 used'],
    [namespaces.ending, 'agent namespace', 'is being deleted'],
  ])('in %s is told by doctor (%s)', async (namespace, check, words) => {
    const { code, findings } = await askDoctor(['--agent-namespace', namespace]);
    expect(code).toBe(1);
    expect(findings[check]).toMatchObject({ status: 'failed', message: expect.stringContaining(words) });
    expect(findings[check]?.fix).not.toMatch(/exempt/);
  });

  test('starts as soon as what was in its way is gone', async () => {
    const label = ['pod-security.kubernetes.io/enforce=privileged', '--overwrite'];
    await expectSuccess(['label', 'namespace', namespaces.restricted, ...label]);
    expect(await startAgentIn(namespaces.restricted)).toMatchObject({ code: 0, error: '' });
  });
});
