import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { formatBillOfMaterials } from './bill-of-materials.ts';
import { type BundledPackage, listBundledPackages } from './bundled-packages.ts';
import { platforms } from '../images/machine/node-platforms.ts';
import { bundlePlugin, type PluginBundle } from './plugin-bundle.ts';
import { formatLicences } from './third-party-licences.ts';

const checkout = join(import.meta.dirname, '..');
const agentImage = `registry.example/agent@sha256:${'a'.repeat(64)}`;
let bundle: PluginBundle;
let packages: BundledPackage[];
beforeAll(async () => {
  bundle = await bundlePlugin({ version: '12.34.56', agentImage });
  packages = await listBundledPackages(checkout, bundle.inputs);
});

describe('the bundle of a release', () => {
  test('tells the version of the release, in every form of it', () => {
    expect([...bundle.files.keys()].toSorted()).toEqual([
      'kubectl-crashcart.cjs',
      'kubectl-crashcart.cjs.map',
      'run-cli.cjs',
      'run-cli.cjs.map',
    ]);
    const programs = [...bundle.files].filter(([name]) => name.endsWith('.cjs')).map(([, file]) => file);
    for (const file of [...programs, bundle.singleFile.program]) expect(file.includes('12.34.56')).toBe(true);
  });

  test('names the image of the agent by its digest', () => {
    const files = [bundle.files.get('run-cli.cjs'), bundle.singleFile.program];
    expect(files.map((file) => file?.includes(agentImage))).toEqual([true, true]);
  });

  test('holds the manifests', async () => {
    const text = await readFile(join(checkout, 'manifests/rbac.yaml'), 'utf8');
    for (const file of [bundle.files.get('run-cli.cjs'), bundle.singleFile.program])
      expect(file?.includes(text.split('\n')[0] as string)).toBe(true);
    // What reads them from a checkout is not in it.
    expect(bundle.singleFile.program.includes('kustomization.yaml')).toBe(false);
  });

  test('holds nothing of the agent, and no path of the machine that made it', () => {
    expect(bundle.inputs.filter((path) => path.startsWith('src/agent/'))).toEqual([]);
    for (const file of [...bundle.files.values(), bundle.singleFile.program, bundle.singleFile.sourceMap])
      expect(file.includes(checkout)).toBe(false);
  });

  test('is of packages whose licences allow that', () => {
    const allowed = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', '0BSD'];
    expect(packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['ws', 'yargs', 'zod']));
    for (const { name, license } of packages)
      expect({ name, allowed }).toEqual({ name, allowed: expect.arrayContaining([license]) });
  });

  test('names none of the packages that only build and test it', () => {
    const names = packages.map(({ name }) => name);
    for (const name of ['esbuild', 'jest', 'typescript', '@lydell/node-pty'])
      expect(names).not.toContain(name);
  });
});

test('the list of licences has the words of each', () => {
  const text = formatLicences(packages, { version: '1.2.3', license: 'Node.js is licensed' });
  for (const { name, version, texts } of packages) {
    expect(text).toContain(`${name} ${version}\nLicence: `);
    for (const words of texts) expect(text).toContain(words);
  }
  expect(text.endsWith('Node.js 1.2.3\n\nNode.js is licensed\n')).toBe(true);
});

test('the bill of materials names each package and each Node, and is the same every time', () => {
  const nodePackages = platforms.map(({ node }) => node);
  const text = formatBillOfMaterials('12.34.56', packages, nodePackages);
  const { bomFormat, specVersion, components, ...rest } = JSON.parse(text) as {
    bomFormat: string;
    specVersion: string;
    components: { purl: string }[];
    serialNumber?: string;
  };
  expect({ bomFormat, specVersion }).toEqual({ bomFormat: 'CycloneDX', specVersion: '1.6' });
  expect(rest).not.toHaveProperty('serialNumber');
  const expected = [...packages, ...nodePackages].map(
    ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`,
  );
  expect(components.map(({ purl }) => purl).toSorted()).toEqual(expected.toSorted());
  expect(formatBillOfMaterials('12.34.56', packages.toReversed(), nodePackages)).toBe(text);
});
