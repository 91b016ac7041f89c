import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { adviseRole, grants } from './granting-roles.ts';

const repository = join(import.meta.dirname, '../../..');

interface Role {
  kind: string;
  metadata: { name: string };
  rules?: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
}

/** @returns whether a role of a manifest grants it. */
function isGranted(manifest: string, role: string, verb: string, resource: string): boolean {
  const path = join(repository, manifest);
  const files = statSync(path).isDirectory() ? readdirSync(path).map((file) => join(path, file)) : [path];
  const documents = files.flatMap((file) => loadAll(readFileSync(file, 'utf8')) as Role[]);
  return documents
    .filter(({ kind, metadata }) => metadata && role.startsWith(`${kind} ${metadata.name} `))
    .flatMap(({ rules = [] }) => rules)
    .some(({ apiGroups, resources, verbs }) => {
      const names = resources.flatMap((name) =>
        apiGroups.map((group) => (group ? `${name}.${group}` : name)),
      );
      return names.includes(resource) && verbs.includes(verb);
    });
}

describe('the advice for a missing permission', () => {
  const entries = Object.entries(grants).flatMap(([resource, verbs]) =>
    Object.entries(verbs).flatMap(([verb, roles]) =>
      roles.map(({ manifest, role }) => ({ verb, resource, manifest, role })),
    ),
  );

  test.each(entries)('names what grants it: $verb $resource, $role', ({ verb, resource, manifest, role }) => {
    expect(isGranted(manifest, role, verb, resource)).toBe(true);
  });

  test.each([
    ['patch', 'daemonsets.apps', 'manifests/components/installer', 'Role crashcart-installer'],
    ['create', 'namespaces', 'manifests/components/installer', 'ClusterRole crashcart-installer'],
    ['create', 'events', 'manifests/components/target-events', 'ClusterRole crashcart-events'],
    ['create', 'jobs.batch', 'manifests/rbac.yaml', 'Role crashcart-agents'],
  ])('to %s %s is that of one manifest', (verb, resource, manifest, role) => {
    const advice = adviseRole(verb, resource) ?? '';
    expect(advice.split('\n')).toHaveLength(1);
    expect(advice).toMatch(
      new RegExp(`^https://.*/${manifest} grants it \\(.*\\): an administrator binds you to its ${role} `),
    );
    const component = /^manifests\/components\/(.*)$/.exec(manifest)?.[1];
    expect(advice).toContain(
      `\`kubectl crashcart manifests${component === undefined ? '' : ` ${component}`}\` prints it`,
    );
  });

  test('names two where it depends on whose object it is', () => {
    expect(adviseRole('get', 'daemonsets.apps')).toMatch(
      /^https:.*manifests\/rbac.*\nhttps:.*manifests\/viewer.*$/,
    );
  });

  test('is none where no role of ours grants it', () => {
    expect(adviseRole('get', 'secrets')).toBeNull();
  });
});
