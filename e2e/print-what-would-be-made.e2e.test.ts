import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { z } from 'zod';
import { runCrashcart, runKubectl, waitUntil } from './harness/command-run.ts';
import { readRenamedManifests } from './harness/renamed-manifests.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

/** Of agents; its name is the beginning of all that is made besides. */
const agents = 'doctor-dry-run';
const restricted = 'doctor-dry-run-restricted';
/** Never made. */
const missing = 'doctor-dry-run-missing';
const clusterObjects = ['clusterroles,clusterrolebindings', '-l', `app.kubernetes.io/name=${agents}`];

const objectSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ uid: z.string().optional() }).prefault({}),
  items: z.array(z.looseObject({ kind: z.string() })).optional(),
});

beforeAll(async () => {
  await expectSuccess(['delete', ...clusterObjects]);
  await Promise.all([
    createTestNamespace(agents, privilegedLabels),
    createTestNamespace(restricted, { 'pod-security.kubernetes.io/enforce': 'restricted' }),
  ]);
  await createObjects(await readRenamedManifests(agents, ['rbac.yaml', 'viewer.yaml']));
  const ask = [
    'auth',
    'can-i',
    'list',
    'limitranges',
    '-n',
    agents,
    '--as=eve',
    `--as-group=${agents}-viewers`,
  ];
  await waitUntil('the roles hold', async () => (await runKubectl(ask)).code === 0);
}, 90_000);

afterAll(async () => {
  await expectSuccess(['delete', ...clusterObjects]);
  await Promise.all([agents, restricted].map(leaveTestNamespace));
}, 90_000);

function show(mode: 'client' | 'server', namespace: string, ...flags: string[]) {
  const target = ['musl', '-n', 'targets', '--agent-namespace', namespace];
  return runCrashcart([...target, `--dry-run=${mode}`, ...flags]);
}

async function expectNothingMade(): Promise<void> {
  for (const namespace of [agents, restricted])
    expect(await expectSuccess(['get', 'jobs,pods,events', '-n', namespace, '-o', 'name'])).toBe('');
  expect((await runKubectl(['get', 'namespace', missing])).code).toBe(1);
}

describe('a dry run', () => {
  test('of the client prints a Job that the cluster takes', async () => {
    const { code, stdout, stderr } = await show('client', agents);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(load(stdout.toString())).toMatchObject({
      kind: 'Job',
      metadata: { namespace: agents, name: expect.stringMatching(/^crashcart-[0-9a-f]{16}-0$/) },
    });
    await expectSuccess(['create', '--dry-run=server', '-f', '-'], stdout.toString());
    await expectNothingMade();
  });

  test('of the server prints it as it would be stored, to those too who may but debug', async () => {
    const flags = ['-o', 'json', '--as=eve', `--as-group=${agents}-users`];
    const { code, stdout, stderr } = await show('server', agents, ...flags);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { kind, metadata } = objectSchema.parse(JSON.parse(stdout.toString()));
    expect(kind).toBe('Job');
    expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(metadata).not.toHaveProperty('managedFields');
    await expectNothingMade();
  });

  test('of the client is for those too who may only look, and of the server not', async () => {
    const viewer = ['--as=eve', `--as-group=${agents}-viewers`];
    expect((await show('client', agents, ...viewer)).code).toBe(0);
    const { code, stdout, stderr } = await show('server', agents, ...viewer);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toContain(`error: you may not create jobs.batch in the namespace "${agents}"`);
  });

  test('of the server tells that the pod would be refused, whose Job is not', async () => {
    const { code, stdout, stderr } = await show('server', restricted);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toMatch(/^error: the cluster refuses the agent's pod in the namespace .*PodSecurity/);
    await expectNothingMade();
  });

  test('prints the namespace too, when it is missing and may be made', async () => {
    const refused = await show('client', missing);
    expect(refused.code).toBe(125);
    expect(refused.stderr).toContain(`the namespace "${missing}", where agents run, does not exist`);
    for (const mode of ['client', 'server'] as const) {
      const { code, stdout, stderr } = await show(mode, missing, '--create-namespace');
      expect(code).toBe(0);
      const { items } = objectSchema.parse(load(stdout.toString()));
      expect(items?.map(({ kind }) => kind)).toEqual(['Namespace', 'Job']);
      expect(stderr).toBe(
        mode === 'client' ? '' : 'note: the Job was not tried: its namespace does not exist yet\n',
      );
    }
    await expectNothingMade();
  });

  test('prints the Event too that --event leaves', async () => {
    const list = ['get', 'events', '-n', 'targets', '--field-selector=reason=DebugSession', '-o', 'name'];
    const before = await expectSuccess(list);
    const { code, stdout } = await show('server', agents, '--event', '-o', 'json');
    expect(code).toBe(0);
    const { items } = objectSchema.parse(JSON.parse(stdout.toString()));
    expect(items).toMatchObject([{ kind: 'Job' }, { kind: 'Event', reason: 'DebugSession' }]);
    expect(await expectSuccess(list)).toBe(before);
  });

  test('says what would keep the session from starting', async () => {
    const { code, stdout, stderr } = await show('client', agents, '-c', 'absent');
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toContain('pod "musl" has no container "absent"');
  });
});
