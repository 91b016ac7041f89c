import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { agentLabelSelector, describeAgent } from '../src/cluster/agent-pods/agent-spec.ts';
import { applyAgentPatch, type PodTemplate } from '../src/cluster/agent-pods/patch/agent-patch.ts';
import { testAgentOptions } from '../src/cluster/testing/sample-agent-options.ts';
import { expectNothingLeft, startAgentIn } from './harness/agent-start.ts';
import { runKubectl, runCrashcart, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

const prefix = 'shape';
/** What each wants of an agent. */
const namespaces = {
  labels: `${prefix}-labels`,
  limits: `${prefix}-limits`,
  quota: `${prefix}-quota`,
  anything: `${prefix}-anything`,
};
const labels = { 'crashcart.test/for': prefix };
const policies = [
  'validatingadmissionpolicies,validatingadmissionpolicybindings',
  '-l',
  `crashcart.test/for=${prefix}`,
];
const apiVersion = 'admissionregistration.k8s.io/v1';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crashcart-shape-'));
  await expectSuccess(['delete', ...policies]);
  await Promise.all(Object.values(namespaces).map((name) => createTestNamespace(name, privilegedLabels)));
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespaces.labels } };
  await createObjects([
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: prefix, labels },
      spec: {
        matchConstraints: { resourceRules: [rule] },
        validations: [
          {
            expression: "has(object.metadata.labels) && 'team' in object.metadata.labels",
            message: 'whose pod?',
          },
          {
            expression: 'object.spec.tolerations.all(one, has(one.key))',
            message: 'a pod does not tolerate everything',
          },
        ],
      },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: prefix, labels },
      spec: { policyName: prefix, validationActions: ['Deny'], matchResources: { namespaceSelector } },
    },
    {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'range', namespace: namespaces.limits },
      spec: { limits: [{ type: 'Container', max: { memory: '1Gi', cpu: '2' } }] },
    },
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'quota', namespace: namespaces.quota },
      spec: { hard: { 'limits.cpu': '2', 'limits.memory': '2Gi' } },
    },
  ]);
  const probe = ['run', 'probe', '--image=probe', '--dry-run=server'];
  for (const namespace of [namespaces.labels, namespaces.quota])
    await waitUntil(
      `what ${namespace} wants holds`,
      async () => (await runKubectl([...probe, '-n', namespace])).code !== 0,
    );
}, 90_000);

afterAll(async () => {
  await rm(folder, { recursive: true });
  await expectSuccess(['delete', ...policies]);
  await Promise.all(Object.values(namespaces).map(leaveTestNamespace));
}, 90_000);

const listPods = async (namespace: string) => {
  const all = ['get', 'pods', '-n', namespace, '-l', agentLabelSelector, '-o', 'name'];
  return (await expectSuccess(all)).split('\n').filter(Boolean);
};

test.each([
  [
    namespaces.labels,
    ['--agent-label', 'team=sre', '--agent-patch', 'spec: { tolerations: [{ key: any, operator: Exists }] }'],
  ],
  [namespaces.limits, ['--agent-resource', 'limits.memory=1Gi', '--agent-resource', 'limits.cpu=1']],
  [namespaces.quota, ['--agent-resource', 'limits.memory=2Gi', '--agent-resource', 'limits.cpu=2']],
])('what %s wants of a pod is refused without, and given by %j', async (namespace, flags) => {
  const refused = await startAgentIn(namespace);
  expect(refused).toMatchObject({ code: 125 });
  expect(refused.error).toContain('--agent-');
  await expectNothingLeft(namespace);
  expect(await startAgentIn(namespace, ...flags)).toMatchObject({ code: 0, error: '' });
  // The same settings find the same agent.
  expect(await startAgentIn(namespace, ...flags)).toMatchObject({ code: 0, error: '' });
  expect(await listPods(namespace)).toHaveLength(1);
});

test('agents of other settings are other agents, and a configured patch is as good as a flag', async () => {
  const namespace = namespaces.anything;
  const file = join(folder, 'config.yaml');
  await writeFile(file, 'agentPatch:\n  metadata:\n    annotations: { owner: sre }\n');
  const run = ['node/node-1', '--agent-namespace', namespace, '--', 'true'];
  const patch = ['--agent-patch', '{"metadata":{"annotations":{"owner":"sre"}}}'];
  expect(await runCrashcart([...patch, ...run])).toMatchObject({ code: 0 });
  expect(await runCrashcart(run, { env: { CRASHCART_CONFIG: file } })).toMatchObject({ code: 0 });
  expect(await listPods(namespace)).toHaveLength(1);
  expect(await runCrashcart(run)).toMatchObject({ code: 0 });
  expect(await listPods(namespace)).toHaveLength(2);
});

describe('a patch that can’t be', () => {
  test.each([
    ['{"spec":{"hostPID":false}}', 2, '--agent-patch: the agent needs spec.hostPID as it is'],
    ['/no/such/file', 2, '--agent-patch: '],
    ['{"spec":{"tolerationz":[]}}', 125, 'unknown field "spec.template.spec.tolerationz"'],
    ['{"metadata":{"labels":{"not a name":"x"}}}', 125, 'Invalid value: "not a name"'],
  ])('%s is told by its field', async (patch, exitCode, words) => {
    const { code, error } = await startAgentIn(namespaces.anything, '--agent-patch', patch);
    expect(code).toBe(exitCode);
    expect(error).toContain(words);
    expect(error).toContain('--agent-patch');
  });
});

// By the kubelet itself: no node has so many processors, or such a label.
test.each([
  [['--agent-resource', 'requests.cpu=1000'], 'has no room for the agent: OutOfcpu'],
  [
    ['--agent-resource', 'requests.cpu=1000', '--priority', 'system-node-critical'],
    'could not admit the agent: UnexpectedAdmissionError',
  ],
  [
    ['--agent-patch', '{"spec":{"nodeSelector":{"crashcart.test/nowhere":"true"}}}'],
    'does not have what the agent is told to look for: NodeAffinity',
  ],
])('what the node can’t give is told by the kubelet’s reason: %j', async (flags, words) => {
  const { code, error, ms } = await startAgentIn(namespaces.anything, ...flags);
  expect(code).toBe(125);
  expect(error).toMatch(/^error: the node "node-\d" /);
  expect(error).toContain(words);
  expect(error).not.toContain('kubectl logs');
  expect(ms).toBeLessThan(15_000);
});

test('what is installed, and what a dry run shows, has the settings', async () => {
  const flags = ['--agent-namespace', namespaces.anything, '--agent-label', 'team=sre', '--dry-run=client'];
  for (const command of [['install'], ['node/node-1']]) {
    const { code, stdout } = await runCrashcart([...command, ...flags]);
    expect(code).toBe(0);
    expect(load(stdout.toString())).toMatchObject({
      metadata: { labels: { team: 'sre' } },
      spec: { template: { metadata: { labels: { team: 'sre' } } } },
    });
  }
});

test.each([
  { metadata: { labels: { team: 'sre' }, annotations: { a: 'b' } } },
  { spec: { tolerations: [{ key: 'a', operator: 'Exists' }], dnsConfig: { options: [{ name: 'x' }] } } },
  { spec: { enableServiceLinks: null, hostAliases: [{ ip: '192.0.2.1', hostnames: ['a'] }] } },
  { spec: { containers: [{ name: 'agent', resources: { limits: { cpu: '1' }, requests: { cpu: null } } }] } },
  { spec: { containers: [{ name: 'agent', resources: { $patch: 'replace', limits: { cpu: '1' } } }] } },
  {
    spec: {
      containers: [
        { name: 'agent', env: [{ name: 'LANG', value: 'C' }], ports: [{ containerPort: 1, hostPort: 1 }] },
      ],
    },
  },
  { spec: { volumes: [{ name: 'a', emptyDir: {} }], imagePullSecrets: [{ name: 'a' }, { name: 'b' }] } },
  { spec: { imagePullSecrets: [{ $patch: 'replace' }, { name: 'b' }] } },
  { spec: { imagePullSecrets: [{ $patch: 'delete', name: 'registry' }] } },
])('a patch does what kubectl patch does with it: %j', async (patch) => {
  const options = { ...testAgentOptions, imagePullSecrets: ['registry'] };
  const { metadata, spec } = describeAgent('node-1', options).render(0).spec.template;
  const template = { metadata, spec } as unknown as PodTemplate;
  const pod = { apiVersion: 'v1', kind: 'Pod', ...template, metadata: { ...metadata, name: 'any' } };
  const how = ['patch', '-f', '-', '--local', '--type=strategic', '-p', JSON.stringify(patch), '-o', 'json'];
  const patched = JSON.parse(await expectSuccess(how, JSON.stringify(pod))) as PodTemplate;
  const { metadata: own, spec: ownSpec } = applyAgentPatch(template, patch, 'agent');
  expect({ labels: own.labels, annotations: own.annotations }).toEqual({
    labels: patched.metadata.labels,
    annotations: patched.metadata.annotations,
  });
  expect(sortLists(ownSpec)).toEqual(sortLists(patched.spec));
});

/** Lists that are merged by a key have no order. */
function sortLists(value: unknown): unknown {
  if (Array.isArray(value))
    return value
      .map(sortLists)
      .toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, field]): [string, unknown] => [name, sortLists(field)])
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}
