import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { z } from 'zod';
import { type CommandResult, runCrashcart, runKubectl, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

const namespace = 'without-permission';
const agents = 'without-permission-agents';
const label = { 'crashcart.test/for': namespace };
const clusterObjects = ['clusterroles,clusterrolebindings', '-l', `crashcart.test/for=${namespace}`];

const bindingSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  roleRef: z.looseObject({ name: z.string() }).optional(),
});

interface Rule {
  in: string;
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** What a session needs, step by step; each user below lacks one of these. */
const steps: Record<string, Rule> = {
  'get-pod': { in: namespace, apiGroups: [''], resources: ['pods'], verbs: ['get'] },
  'list-agents': { in: agents, apiGroups: [''], resources: ['pods'], verbs: ['list'] },
  'create-job': { in: agents, apiGroups: ['batch'], resources: ['jobs'], verbs: ['create'] },
  'watch-agent': { in: agents, apiGroups: [''], resources: ['pods'], verbs: ['watch'] },
  'get-exec': { in: agents, apiGroups: [''], resources: ['pods/exec'], verbs: ['get'] },
  'watch-events': { in: agents, apiGroups: [''], resources: ['events'], verbs: ['watch'] },
  'create-exec': { in: agents, apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] },
};
const others: Rule[] = [
  { in: agents, apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'delete'] },
  { in: agents, apiGroups: [''], resources: ['events'], verbs: ['get', 'list'] },
];

/** Lets `without-STEP` do everything but that step. */
function describeUser(step: string): object[] {
  const name = `without-${step}`;
  const rules = [...Object.entries(steps).flatMap(([key, rule]) => (key === step ? [] : [rule])), ...others];
  return [namespace, agents].flatMap((where) => [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name, namespace: where },
      rules: rules.filter((rule) => rule.in === where).map(({ in: _in, ...rule }) => rule),
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name, namespace: where },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
    },
  ]);
}

/** @returns manifests/rbac.yaml as it is, but for the namespace of agents, and names that disturb nothing. */
async function readManifest(): Promise<object[]> {
  const manifest = join(import.meta.dirname, '../manifests/rbac.yaml');
  return loadAll(await readFile(manifest, 'utf8')).map((document) => {
    const { metadata, roleRef, ...rest } = bindingSchema.parse(document);
    const rename = (name: string) => `${name}-of-test`;
    return {
      ...rest,
      metadata: {
        name: rename(metadata.name),
        labels: label,
        ...(metadata.namespace === undefined ? {} : { namespace: agents }),
      },
      ...(roleRef === undefined ? {} : { roleRef: { ...roleRef, name: rename(roleRef.name) } }),
    };
  });
}

beforeAll(async () => {
  await expectSuccess(['delete', ...clusterObjects]);
  await Promise.all([createTestNamespace(namespace), createTestNamespace(agents, privilegedLabels)]);
  const container = { name: 'app', image: 'crashcart.test/musl:1' };
  await createObjects([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'app', namespace },
      spec: { terminationGracePeriodSeconds: 1, containers: [container] },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'password', namespace },
      stringData: { password: 'secret' },
    },
    ...Object.keys(steps).flatMap(describeUser),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'lister', namespace: agents },
      rules: [
        { apiGroups: ['', 'batch'], resources: ['pods', 'jobs'], verbs: ['get', 'list', 'delete'] },
        { apiGroups: [''], resources: ['pods/exec'], verbs: ['get'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'lister', namespace: agents },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'lister' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'lister' }],
    },
    ...(await readManifest()),
  ]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/app', '-n', namespace, '--timeout=30s']);
  // The API server learns of roles a moment after it has stored them.
  const ask = [
    'auth',
    'can-i',
    'create',
    'pods',
    '--subresource=exec',
    '-n',
    agents,
    '--as=eve',
    '--as-group=crashcart-users',
  ];
  await waitUntil('the roles hold', async () => (await runKubectl(ask)).code === 0);
}, 120_000);

afterAll(async () => {
  await expectSuccess(['delete', ...clusterObjects]);
  await Promise.all([leaveTestNamespace(namespace), leaveTestNamespace(agents)]);
}, 90_000);

function debug(flags: string[]): Promise<CommandResult> {
  const where = ['app', '-n', namespace, '--agent-namespace', agents];
  return runCrashcart([...where, ...flags, '--', 'echo', 'debugged']);
}

async function expectRefusal(step: string, what: string): Promise<void> {
  const { code, stdout, stderr } = await debug(['--as', `without-${step}`]);
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: '' });
  const [first, ...rest] = stderr.split('\n');
  expect(first).toBe(`error: you may not ${what}`);
  expect(rest.join('\n')).toContain('manifests/rbac.yaml grants it');
}

async function countJobs(): Promise<number> {
  const names = await expectSuccess(['get', 'jobs', '-n', agents, '-o', 'name']);
  return names.split('\n').filter(Boolean).length;
}

describe('without an agent, whoever', () => {
  test('may not get the pod is told so', async () => {
    await expectRefusal('get-pod', `get pods in the namespace "${namespace}"`);
  });

  test('may not list agents is told so', async () => {
    await expectRefusal('list-agents', `list pods in the namespace "${agents}"`);
  });

  test('may not create Jobs is told so', async () => {
    await expectRefusal('create-job', `create jobs.batch in the namespace "${agents}"`);
    expect(await countJobs()).toBe(0);
  });

  test('may not watch an agent start is told so, and leaves no Job', async () => {
    await expectRefusal('watch-agent', `watch pods in the namespace "${agents}"`);
    expect(await countJobs()).toBe(0);
  });
});

describe('with exactly the roles of manifests/rbac.yaml', () => {
  const user = ['--as=eve', '--as-group=crashcart-users'];

  test('a command runs from cold', async () => {
    const { code, stdout, stderr } = await debug(user);
    expect({ code, stdout: stdout.toString(), stderr }).toEqual({
      code: 0,
      stdout: 'debugged\n',
      stderr: '',
    });
    expect(await countJobs()).toBe(1);
  });

  test('the target’s secrets can’t be read', async () => {
    const { code, stderr } = await runKubectl(['get', 'secret', 'password', '-n', namespace, ...user]);
    expect(code).toBe(1);
    expect(stderr).toContain('User "eve" cannot get resource "secrets"');
  });
});

describe('with an agent, whoever', () => {
  test('may not get pods/exec is told so', async () => {
    await expectRefusal('get-exec', `get pods/exec in the namespace "${agents}"`);
  });

  test('may not create pods/exec is told so', async () => {
    await expectRefusal('create-exec', `create pods/exec in the namespace "${agents}"`);
  });

  test('may not ask the agent is not told that there are no sessions', async () => {
    for (const [step, verb] of [
      ['get-exec', 'get'],
      ['create-exec', 'create'],
    ] as const) {
      const who = ['--agent-namespace', agents, '--as', `without-${step}`];
      const refusal = `you may not ${verb} pods/exec in the namespace "${agents}"\n`;
      const told = /^error: the sessions of an agent are not known: agent crashcart-\S+ on node-\d: /;
      const listed = await runCrashcart(['sessions', ...who, '-o', 'json']);
      expect(listed).toMatchObject({ code: 125, stderr: expect.stringMatching(told) });
      expect(listed.stderr).toContain(refusal);
      expect(JSON.parse(listed.stdout.toString())).toMatchObject({
        items: [],
        unanswered: [{ node: expect.stringMatching(/^node-\d$/), why: refusal.trim() }],
      });
      for (const command of ['stop', 'attach']) {
        const { code, stdout, stderr } = await runCrashcart([command, '0000', ...who]);
        expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: '' });
        expect(stderr).toMatch(
          /^error: no agent that answered has a session 0000; the sessions of an agent /,
        );
        expect(stderr).toContain(refusal);
      }
    }
    // Of the users here, this one may list Jobs.
    const cleaned = await runCrashcart(['clean', '--all', '--agent-namespace', agents, '--as', 'lister']);
    expect(cleaned).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('you may not create pods/exec'),
    });
    expect(await countJobs()).toBe(1);
  });

  test('may not watch events, and waits for another one in vain, is told what would say why', async () => {
    await createObjects([
      {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'one', namespace: agents },
        spec: { hard: { pods: '1' } },
      },
    ]);
    const probe = ['run', 'probe', '--image=probe', '--dry-run=server', '-n', agents];
    await waitUntil('the quota holds', async () => (await runKubectl(probe)).code !== 0);
    // Another idle time is another agent.
    const flags = ['--as', 'without-watch-events', '--agent-idle', '4m', '--timeout', '2s'];
    const { code, stderr } = await debug(flags);
    expect(code).toBe(125);
    expect(stderr).toMatch(/^error: the agent on the node "node-\d" was not running within 2 s: /);
    expect(stderr).toContain(`you may not watch events in the namespace "${agents}"`);
    expect(stderr).toContain('manifests/rbac.yaml');
    expect(await countJobs()).toBe(1);
  });

  test('may not create Jobs can use it', async () => {
    const { code, stdout } = await debug(['--as', 'without-create-job']);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'debugged\n' });
  });
});
