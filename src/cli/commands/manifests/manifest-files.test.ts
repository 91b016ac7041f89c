import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { expect, test } from '@jest/globals';
import { manifestsCommand } from './manifests-command.ts';
import type { Context } from '../../context.ts';
import { manifests } from './manifest-files.ts';
import { agentImage } from '../../plugin-version.ts';

const folder = join(import.meta.dirname, '../../../../manifests');

/** @returns the objects that the command prints. */
async function print(components: string[]): Promise<string[]> {
  const written: string[] = [];
  const context = { stdout: { write: (text: string) => written.push(text) } } as unknown as Context;
  expect(await manifestsCommand.run({ components }, context)).toBe(0);
  return loadAll(written.join('')).map((object) => {
    const { kind, metadata } = object as { kind: string; metadata: { name: string } };
    return `${kind}/${metadata.name}`;
  });
}

test('every component of the manifests is known, but what install prints', () => {
  const names = readdirSync(join(folder, 'components')).filter((name) => name !== 'resident');
  expect(Object.keys(manifests.components)).toEqual(names.toSorted());
});

test('every file of the manifests is in one of them', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => name.endsWith('.yaml') && !/^examples|^components\/resident|kustomization\.yaml$/.test(name),
    )
    .map((name) => `manifests/${name}`);
  const known = [...manifests.base, ...Object.values(manifests.components).flat()].map(({ path }) => path);
  expect(known.toSorted()).toEqual(files.toSorted());
});

test('without a component the namespace is printed first, and then the roles alone', async () => {
  const [first, ...others] = await print([]);
  expect(first).toBe('Namespace/crashcart');
  expect(others).toContain('Role/crashcart-agents');
  expect(others.filter((name) => !/^(Cluster)?Role(Binding)?\//.test(name))).toEqual([]);
});

test('a component is printed after them', async () => {
  const base = await print([]);
  expect(await print(['openshift'])).toEqual([...base, 'RoleBinding/crashcart-privileged']);
});

test('the images that are admitted are those that the plugin asks for', () => {
  const list = manifests.components['admission-policies']?.find(({ path }) => /allowed-images/.test(path));
  expect(list?.text).toContain(`\n    ${agentImage}\n`);
});
