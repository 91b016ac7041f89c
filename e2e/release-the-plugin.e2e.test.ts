import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readNodePackage } from '../images/machine/node-package.ts';
import { type Platform, platforms } from '../images/machine/node-platforms.ts';
import { bundlePlugin } from '../krew/plugin-bundle.ts';
import { makeRelease, type ReleasedArchive } from '../krew/release.ts';
import { buildExecutable } from '../krew/windows-executable.ts';

const version = '1.2.3';
const baseURL = 'https://crashcart.example/releases';
const folder = mkdtempSync(join(tmpdir(), 'crashcart-release-'));
afterAll(() => rmSync(folder, { recursive: true }));

// One platform is enough here: all of them are in release-every-platform.soak.test.ts.
const here = platforms.filter(({ os, arch }) => os === 'linux' && arch === 'amd64');
let archive: ReleasedArchive;
beforeAll(async () => {
  [archive] = (await release('one')) as [ReleasedArchive];
}, 120_000);

function release(name: string): Promise<ReleasedArchive[]> {
  const directory = join(folder, name);
  return makeRelease({ version, platforms: here, directory, baseURL, onProgress: () => undefined });
}

test('a release holds what is downloaded, and how to know that it is that', () => {
  expect(readdirSync(join(folder, 'one')).toSorted()).toEqual([
    'checksums.txt',
    'crashcart.yaml',
    'kubectl-crashcart-1.2.3.tgz',
    'kubectl-crashcart_v1.2.3.cdx.json',
    'kubectl-crashcart_v1.2.3_linux_amd64.tar.gz',
  ]);
  const check = execFileSync('sha256sum', ['--check', 'checksums.txt'], { cwd: join(folder, 'one') });
  expect(check.toString().match(/: OK$/gm)).toHaveLength(4);
});

test('an archive holds the plugin, its Node, completion, a manual page and the licences', () => {
  const list = execFileSync('tar', ['tzf', join(folder, 'one', archive.name)]).toString();
  expect(list.trimEnd().split('\n')).toEqual([
    'LICENSE',
    'THIRD-PARTY-LICENSES.txt',
    'completion/kubectl-crashcart.bash',
    'completion/kubectl-crashcart.fish',
    'completion/kubectl-crashcart.ps1',
    'completion/kubectl-crashcart.zsh',
    'kubectl-crashcart',
    'kubectl_complete-crashcart',
    'lib/kubectl-crashcart.cjs',
    'lib/kubectl-crashcart.cjs.map',
    'lib/node',
    'lib/run-cli.cjs',
    'lib/run-cli.cjs.map',
    'man/kubectl-crashcart.1',
  ]);
});

test('an archive is at most 60 MB', () => {
  expect(archive.bytes).toBe(statSync(join(folder, 'one', archive.name)).size);
  expect(archive.bytes).toBeLessThanOrEqual(60_000_000);
});

test('two builds give the same bytes', async () => {
  await release('other');
  for (const name of readdirSync(join(folder, 'one'))) {
    const [one, other] = ['one', 'other'].map((build) => readFileSync(join(folder, build, name)));
    expect({ name, same: one?.equals(other as Buffer) }).toEqual({ name, same: true });
  }
}, 120_000);

test('what is extracted runs, through links from anywhere', () => {
  const extracted = join(folder, 'extracted');
  execFileSync('mkdir', ['-p', extracted, join(folder, 'bin')]);
  execFileSync('tar', ['xzf', join(folder, 'one', archive.name), '-C', extracted]);
  execFileSync('ln', ['-s', '../extracted/kubectl-crashcart', join(folder, 'bin/relative')]);
  execFileSync('ln', ['-s', join(folder, 'bin/relative'), join(folder, 'absolute')]);
  for (const file of [
    join(extracted, 'kubectl-crashcart'),
    join(folder, 'bin/relative'),
    join(folder, 'absolute'),
  ]) {
    // /bin for the launcher's sh and readlink; whatever Node this machine has is not there.
    const env = { PATH: '/usr/bin:/bin', HOME: folder };
    expect(execFileSync(file, ['--version'], { env, cwd: '/' }).toString()).toBe('kubectl-crashcart 1.2.3\n');
  }
});

test('what Windows gets as one executable runs as one for this machine', async () => {
  const { binary } = await readNodePackage((here[0] as Platform).builder);
  const { singleFile } = await bundlePlugin({ version });
  const file = join(folder, 'executable');
  writeFileSync(file, await buildExecutable(singleFile, binary, binary), { mode: 0o755 });
  const run = (args: string[]) => execFileSync(file, args, { env: { HOME: folder }, cwd: '/' }).toString();
  expect(run(['--version'])).toBe('kubectl-crashcart 1.2.3\n');
  expect(run(['--help'])).toContain('kubectl crashcart [TARGET...]');
  expect(run(['__complete', 'web', '--tool', 'tcpd'])).toBe(
    'tcpdump\tpackets on all interfaces, until Ctrl-C\n:4\n',
  );
}, 120_000);
