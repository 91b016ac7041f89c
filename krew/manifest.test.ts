import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { dump, load } from 'js-yaml';
import { formatManifest } from './manifest.ts';
import { type Manifest, parseManifest } from './manifest-rules.ts';
import { platforms } from './platforms.ts';

const template = readFileSync(join(import.meta.dirname, 'crashcart.yaml.template'), 'utf8');
const archives = platforms.map((platform, index) => ({
  platform,
  name: `${platform.os}_${platform.arch}.tar.gz`,
  sha256: String(index).repeat(64),
}));
const text = formatManifest(template, '1.2.3', 'https://crashcart.example/releases', archives);

test('the manifest of a release has a platform for each archive', () => {
  const { metadata, spec } = parseManifest(text, 'crashcart.yaml');
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

describe("krew's rules refuse", () => {
  type Change = (manifest: Manifest) => void;
  const change = (edit: Change) => {
    const manifest = load(text) as Manifest;
    edit(manifest);
    return dump(manifest);
  };
  const platform = (edit: (platform: Record<string, unknown>) => void): Change => {
    return ({ spec }) => edit(spec.platforms[0] as Record<string, unknown>);
  };

  test.each<[string, Change]>([
    ['another API version', (manifest) => Object.assign(manifest, { apiVersion: 'krew/v1' })],
    ['another kind', (manifest) => Object.assign(manifest, { kind: 'Tool' })],
    ['a name that is not the file’s', ({ metadata }) => (metadata.name = 'cart')],
    ['a version without v', ({ spec }) => (spec.version = '1.2.3')],
    ['a version that is none', ({ spec }) => (spec.version = 'v1')],
    ['a short description of two lines', ({ spec }) => (spec.shortDescription = 'one\ntwo')],
    ['no short description', ({ spec }) => (spec.shortDescription = '')],
    ['a short description that is long', ({ spec }) => (spec.shortDescription = 'long '.repeat(11))],
    ['no platform', ({ spec }) => (spec.platforms = [])],
    ['the same selector twice', ({ spec }) => spec.platforms.push(spec.platforms[0] as never)],
    ['an empty selector', platform((it) => (it['selector'] = {}))],
    ['empty labels', platform((it) => (it['selector'] = { matchLabels: {} }))],
    ['another label', platform((it) => (it['selector'] = { matchLabels: { libc: 'musl' } }))],
    ['no address', platform((it) => delete it['uri'])],
    ['an address that is not https', platform((it) => (it['uri'] = 'http://a.example/a.zip'))],
    ['an archive of another kind', platform((it) => (it['uri'] = 'https://a.example/a.tar.xz'))],
    ['a hash in capitals', platform((it) => (it['sha256'] = 'A'.repeat(64)))],
    ['no hash', platform((it) => (it['sha256'] = ''))],
    ['no executable', platform((it) => delete it['bin'])],
    ['an executable outside the archive', platform((it) => (it['bin'] = '../sh'))],
    ['.exe on Linux', platform((it) => (it['bin'] = 'kubectl-crashcart.exe'))],
    ['an empty list of files', platform((it) => (it['files'] = []))],
    ['a file without its place', platform((it) => (it['files'] = [{ from: 'a', to: '' }]))],
    ['a field that krew does not know', ({ spec }) => Object.assign(spec, { licence: 'Apache-2.0' })],
  ])('%s', (_what, edit) => {
    expect(() => parseManifest(change(edit), 'crashcart.yaml')).toThrow();
  });

  test.each(['nul', 'kube-crashcart', 'Crash', 'crash.cart'])('the name %s', (name) => {
    const named = change(({ metadata }) => (metadata.name = name));
    expect(() => parseManifest(named, `${name}.yaml`)).toThrow();
  });
});

test('a template with something that nothing fills is refused', () => {
  expect(() =>
    formatManifest(`${template}\nmore: '{{more}}'\n`, '1.2.3', 'https://a.example', archives),
  ).toThrow('{{more}}');
});
