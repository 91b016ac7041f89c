import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runKubectl, waitUntil } from './harness/command-run.ts';
import { readRenamedManifests } from './harness/renamed-manifests.ts';
import {
  createObjects,
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

/** The namespace of agents, and the beginning of what is made besides. */
const name = 'doctor-roles';
const targets = `${name}-targets`;
const clusterObjects = [
  'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings',
  '-l',
  `app.kubernetes.io/name=${name}`,
];
const roleFiles = [
  'rbac.yaml',
  'viewer.yaml',
  'components/target-events/rbac.yaml',
  'components/installer/rbac.yaml',
];
const everyFile = [
  'namespace.yaml',
  ...roleFiles.slice(0, 3),
  ...['allowed-images', 'agent-policy', 'exec-policy'].map(
    (file) => `components/admission-policies/${file}.yaml`,
  ),
  'components/openshift/scc-binding.yaml',
];

type Person = 'users' | 'viewers' | 'installers';
const people: Person[] = ['users', 'viewers', 'installers'];

function become(person: Person): string[] {
  return ['--as=eve', `--as-group=${name}-${person}`];
}

async function may(person: Person, verb: string, resource: string, where: string[]): Promise<boolean> {
  const { code } = await runKubectl(['auth', 'can-i', verb, resource, ...where, ...become(person)]);
  return code === 0;
}

beforeAll(async () => {
  await expectSuccess(['delete', ...clusterObjects]);
  await Promise.all([createTestNamespace(name, privilegedLabels), createTestNamespace(targets)]);
  await createObjects(await readRenamedManifests(name, roleFiles));
  // The API server learns of roles a moment after it has stored them; in the order of their making.
  await waitUntil('the roles hold', () =>
    may('installers', 'create', `configmaps/${name}-agent-images`, ['-n', name]),
  );
}, 120_000);

afterAll(async () => {
  await expectSuccess(['delete', ...clusterObjects]);
  await Promise.all([leaveTestNamespace(name), leaveTestNamespace(targets)]);
}, 90_000);

const agentsPlace = ['-n', name];
const targetsPlace = ['-n', targets];
const everywhere = ['--all-namespaces'];

describe('who may do what:', () => {
  test.each<[string, string, string[], Person[]]>([
    ['get', 'pods', targetsPlace, ['users', 'viewers']],
    ['get', 'deployments.apps', targetsPlace, ['users', 'viewers']],
    ['get', 'nodes', [], ['users', 'viewers']],
    ['watch', 'pods', targetsPlace, ['users', 'viewers']],
    ['list', 'replicasets.apps', targetsPlace, ['users', 'viewers']],
    ['list', 'events', targetsPlace, ['users', 'viewers']],
    ['get', 'runtimeclasses.node.k8s.io', [], ['users', 'viewers']],
    ['list', 'pods', agentsPlace, ['users', 'viewers']],
    ['watch', 'events', agentsPlace, ['users', 'viewers']],
    ['list', 'jobs.batch', agentsPlace, ['users', 'viewers']],
    ['get', 'pods', [...agentsPlace, '--subresource=log'], ['users', 'viewers']],
    ['list', 'resourcequotas', agentsPlace, ['users', 'viewers']],
    ['list', 'limitranges', agentsPlace, ['users', 'viewers']],
    ['create', 'jobs.batch', agentsPlace, ['users']],
    ['delete', 'jobs.batch', agentsPlace, ['users']],
    ['create', 'pods', agentsPlace, ['users']],
    ['get', 'pods', [...agentsPlace, '--subresource=exec'], ['users']],
    ['create', 'pods', [...agentsPlace, '--subresource=exec'], ['users']],
    ['create', 'events', targetsPlace, ['users']],
    ['patch', `roles.rbac.authorization.k8s.io/${name}-agents`, agentsPlace, ['installers']],
    ['patch', `clusterroles.rbac.authorization.k8s.io/${name}-user`, [], ['installers']],
    ['patch', `rolebindings.rbac.authorization.k8s.io/${name}-privileged`, agentsPlace, ['installers']],
    ['get', `daemonsets.apps/${name}-resident`, agentsPlace, ['users', 'viewers', 'installers']],
    ['create', `daemonsets.apps/${name}-resident`, agentsPlace, ['installers']],
    ['delete', `daemonsets.apps/${name}-resident`, agentsPlace, ['installers']],
    ['delete', 'daemonsets.apps/other', agentsPlace, []],
    // Nobody's: the targets' own ways in, their secrets, the agents' shape, and what is others'.
    ['create', 'pods', [...targetsPlace, '--subresource=exec'], []],
    ['create', 'pods', targetsPlace, []],
    ['create', 'jobs.batch', targetsPlace, []],
    ['get', 'pods', [...targetsPlace, '--subresource=log'], ['users']],
    ['get', 'secrets', targetsPlace, []],
    ['get', 'secrets', agentsPlace, []],
    ['patch', 'pods', agentsPlace, []],
    ['update', 'pods', [...agentsPlace, '--subresource=ephemeralcontainers'], []],
    ['get', 'nodes', ['--subresource=proxy'], []],
    ['patch', 'clusterroles.rbac.authorization.k8s.io/view', [], []],
    ['list', 'secrets', everywhere, []],
  ])('%s %s %j: %j', async (verb, resource, where, expected) => {
    const answers = await Promise.all(people.map((person) => may(person, verb, resource, where)));
    expect(people.filter((_, index) => answers[index])).toEqual(expected);
  });

  test('both who debug and who look read the Pod Security labels of the agents’ namespace, and of no other', async () => {
    for (const person of ['users', 'viewers'] as const) {
      const get = (namespace: string) => runKubectl(['get', 'namespace', namespace, ...become(person)]);
      expect((await get(name)).code).toBe(0);
      expect((await get(targets)).stderr).toContain('cannot get resource "namespaces"');
    }
  });
});

describe('whoever installs', () => {
  const apply = (items: object[]) =>
    runKubectl(['apply', '--server-side', '-f', '-', ...become('installers')], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    });

  test('can apply all of the manifests, but not the own role', async () => {
    const { code, stderr } = await apply(await readRenamedManifests(name, everyFile));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const own = await apply(await readRenamedManifests(name, ['components/installer/rbac.yaml']));
    expect(own.code).toBe(1);
    expect(own.stderr).toContain(`"${name}-installer" is forbidden: User "eve" cannot patch`);
  });

  test('can bind no other role', async () => {
    const [, , binding] = await readRenamedManifests(name, ['rbac.yaml']);
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
    // A binding's role can't be changed: what is there goes first.
    await expectSuccess(['delete', 'clusterrolebinding', `${name}-events`]);
    const { code, stderr } = await apply([{ ...binding, metadata: { name: `${name}-events` }, roleRef }]);
    expect(code).toBe(1);
    expect(stderr).toContain('is attempting to grant RBAC permissions not currently held');
  });
});

describe('the manifests', () => {
  const manifests = join(import.meta.dirname, '../manifests');

  test('build with none of the components, and with each', async () => {
    const kinds = async (path: string) =>
      [...(await expectSuccess(['kustomize', path])).matchAll(/^kind: (.*)$/gm)].map(([, kind]) => kind);
    expect(await kinds(manifests)).not.toContain('ValidatingAdmissionPolicy');
    for (const [component, kind] of [
      ['admission-policies', 'ValidatingAdmissionPolicy'],
      ['installer', 'ClusterRole'],
      ['openshift', 'RoleBinding'],
      ['resident', 'DaemonSet'],
      ['target-events', 'ClusterRole'],
    ] as const) {
      expect(await kinds(join(manifests, 'components', component))).toContain(kind);
    }
  });

  test('build with all of the components at once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'crashcart-overlay-'));
    const path = relative(await realpath(folder), manifests);
    const components = ['admission-policies', 'installer', 'openshift', 'resident', 'target-events'];
    const overlay = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [path],
      components: components.map((name) => join(path, 'components', name)),
    };
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(overlay));
    const built = await expectSuccess(['kustomize', folder]);
    await rm(folder, { recursive: true });
    expect(built).toContain('name: crashcart-privileged');
    expect(built).toContain('name: crashcart-installer');
    expect(built).toContain('pod-security.kubernetes.io/enforce: privileged');
  });
});
