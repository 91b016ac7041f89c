import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeRelease } from '../krew/release.ts';
import { buildBinaries } from './cluster/binaries.ts';

const folder = mkdtempSync(join(tmpdir(), 'crashcart-npm-'));
const archive = join(folder, 'release/kubectl-crashcart-1.2.3.tgz');
const prefix = join(folder, 'prefix');
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  await makeRelease({
    version: '1.2.3',
    platforms: [],
    baseURL: 'https://crashcart.example/releases',
    directory: join(folder, 'release'),
    onProgress: () => undefined,
  });
  // Offline: it depends on no other package.
  execFileSync('npm', ['install', '--global', '--offline', '--prefix', prefix, archive], { stdio: 'pipe' });
}, 120_000);

test('the package is small, and holds what runs and under which terms', () => {
  expect(statSync(archive).size).toBeLessThan(1_000_000);
  const list = execFileSync('tar', ['tzf', archive]).toString();
  expect(list.trimEnd().split('\n')).toEqual([
    'package/LICENSE',
    'package/README.md',
    'package/THIRD-PARTY-LICENSES.txt',
    'package/lib/complete.cjs',
    'package/lib/kubectl-crashcart.cjs',
    'package/lib/kubectl-crashcart.cjs.map',
    'package/lib/plugin.cjs',
    'package/lib/run-cli.cjs',
    'package/lib/run-cli.cjs.map',
    'package/man/kubectl-crashcart.1',
    'package/package.json',
  ]);
});

test('npm packs what it installed into the same files', () => {
  const installed = join(prefix, 'lib/node_modules/kubectl-crashcart');
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', installed], {
    stdio: 'pipe',
  }).toString();
  const [{ files = [] } = {}] = JSON.parse(output) as { files?: { path: string }[] }[];
  const list = execFileSync('tar', ['tzf', archive]).toString().trimEnd().split('\n');
  expect(files.map(({ path }) => `package/${path}`).toSorted()).toEqual(list.toSorted());
});

test('kubectl finds the plugin and its completion where npm links them, and man its page', async () => {
  const bin = join(prefix, 'bin');
  expect(readdirSync(bin).toSorted()).toEqual(['kubectl-crashcart', 'kubectl_complete-crashcart']);
  const kubectl = join(await buildBinaries(), 'kubectl');
  const env = { PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`, HOME: folder };
  const run = (args: string[]) => execFileSync(kubectl, args, { env, stdio: 'pipe' }).toString();
  expect(readdirSync(join(prefix, 'share/man/man1'))).toEqual(['kubectl-crashcart.1']);
  expect(run(['crashcart', '--version'])).toBe('kubectl-crashcart 1.2.3\n');
  expect(run(['crashcart', '--help'])).toContain('kubectl crashcart [TARGET...]');
  expect(run(['crashcart', 'manifests'])).toMatch(/^---\n# manifests\/namespace\.yaml\n/);
  expect(run(['__complete', 'crashcart', 'web', '--tool', 'tcpd'])).toBe(
    'tcpdump\tpackets on all interfaces, until Ctrl-C\n:4\n',
  );
  expect(run(['crashcart', 'completion', 'install'])).toBe(`${join(bin, 'kubectl_complete-crashcart')}\n`);
});
