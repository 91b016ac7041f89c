import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { formatManifest } from './manifest.ts';
import { platforms } from '../images/machine/node-platforms.ts';

const template = readFileSync(join(import.meta.dirname, 'crashcart.yaml.template'), 'utf8');
const archives = platforms.map((platform, index) => ({
  platform,
  name: `${platform.os}_${platform.arch}.tar.gz`,
  sha256: String(index).repeat(64),
}));
const text = formatManifest(template, '1.2.3', 'https://crashcart.example/releases', archives);

interface Manifest {
  metadata: { name: string };
  spec: { version: string; homepage: string; caveats: string; platforms: { bin: string }[] };
}

// Whether krew takes it, krew says itself: e2e/install-with-krew.e2e.test.ts.
test('the manifest of a release has a platform for each archive', () => {
  const { metadata, spec } = load(text) as Manifest;
  expect(metadata.name).toBe('crashcart');
  expect(spec.version).toBe('v1.2.3');
  expect(spec.homepage).toBe('https://crashcart.example');
  expect(spec.caveats).toContain('kubectl crashcart completion install');
  expect(spec.platforms).toHaveLength(6);
  expect(spec.platforms[1]).toEqual({
    selector: { matchLabels: { os: 'linux', arch: 'arm64' } },
    uri: 'https://crashcart.example/releases/v1.2.3/linux_arm64.tar.gz',
    sha256: '1'.repeat(64),
    bin: 'kubectl-crashcart',
  });
  expect(spec.platforms[4]?.bin).toBe('kubectl-crashcart.exe');
});

test('a template with something that nothing fills is refused', () => {
  expect(() =>
    formatManifest(`${template}\nmore: '{{more}}'\n`, '1.2.3', 'https://a.example', archives),
  ).toThrow('{{more}}');
});
