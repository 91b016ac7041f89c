import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { platforms } from '../images/machine/node-platforms.ts';
import { makeRelease } from '../krew/release.ts';
import { buildBinaries } from './cluster/binaries.ts';
import { runCommand } from '../images/machine/run-command.ts';
import { buildKrew } from './krew/build-krew.ts';
import { createBareSystem, runInBareSystem } from './harness/bare-system.ts';
import { type ReleaseServer, serveRelease } from './harness/release-server.ts';

const root = mkdtempSync(join(tmpdir(), 'crashcart-krew-'));
const release = mkdtempSync(join(tmpdir(), 'crashcart-release-'));
const installed = join(root, 'root/.krew/store/crashcart/v1.2.3');
let binaries: string;
let krew: string;
let server: ReleaseServer;

beforeAll(async () => {
  [binaries, krew, server] = await Promise.all([buildBinaries(), buildKrew(), serveRelease(release)]);
  await makeRelease({
    version: '1.2.3',
    platforms: platforms.filter(({ os, arch }) => os === 'linux' && arch === 'amd64'),
    baseURL: server.baseURL,
    directory: release,
    onProgress: () => undefined,
  });
  const programs = ['/bin/sh', '/usr/bin/env', '/usr/bin/readlink', join(binaries, 'kubectl')];
  createBareSystem(root, [...programs, join(krew, 'kubectl-krew')], [process.execPath]);
  copyFileSync(join(release, 'crashcart.yaml'), join(root, 'tmp/crashcart.yaml'));
}, 600_000);
afterAll(() => {
  server?.close();
  for (const folder of [root, release]) rmSync(folder, { recursive: true });
});

/** Runs a command where there is no Node. @returns what it wrote to stdout. */
function run(args: string[]): Promise<string> {
  return runInBareSystem(root, args, { PATH: '/root/.krew/bin:/bin', HOME: '/root' });
}

function withKrew(): NodeJS.ProcessEnv {
  return { PATH: `${krew}:${binaries}:${process.env['PATH'] ?? ''}` };
}

test("the index's own validator accepts the manifest, and installs what it names", async () => {
  const args = ['-manifest', join(release, 'crashcart.yaml')];
  await runCommand('validate-krew-manifest', args, { env: withKrew() });
});

test('krew installs it, and links one file', async () => {
  await run(['/bin/kubectl', 'krew', 'install', '--manifest=/tmp/crashcart.yaml']);
  expect(readdirSync(join(root, 'root/.krew/bin'))).toEqual(['kubectl-crashcart']);
  expect(readdirSync(join(root, 'bin')).toSorted()).toEqual([
    'env',
    'kubectl',
    'kubectl-krew',
    'readlink',
    'sh',
  ]);
});

test('of the machine it needs the libraries that krew/README.md names', () => {
  const needed = execFileSync('ldd', [join(installed, 'lib/node')]).toString();
  const names = [...needed.matchAll(/^\s+(lib\w[\w+]*)\.so/gm)].map(([, name]) => name);
  const glibc = ['libc', 'libdl', 'libm', 'libpthread'];
  expect(names.toSorted()).toEqual([...glibc, 'libatomic', 'libgcc_s', 'libstdc++'].toSorted());
});

test('kubectl crashcart runs there', async () => {
  expect(await run(['/bin/kubectl', 'plugin', 'list', '--name-only'])).toContain('kubectl-crashcart');
  expect(await run(['/bin/kubectl', 'crashcart', '--version'])).toBe('kubectl-crashcart 1.2.3\n');
  // More than the first file of the bundle.
  expect(await run(['/bin/kubectl', 'crashcart', '--help'])).toContain('kubectl crashcart [TARGET...]');
});

test('completion is installed by the plugin, beside the link that krew keeps', async () => {
  const complete = ['/bin/kubectl', '__complete', 'crashcart', 'web', '--tool', 'tcpd'];
  expect(await run(complete)).not.toContain('tcpdump');
  const install = ['/bin/kubectl', 'crashcart', 'completion', 'install'];
  expect(await run(install)).toBe('/root/.krew/bin/kubectl_complete-crashcart\n');
  expect(await run(complete)).toBe('tcpdump\tpackets on all interfaces, until Ctrl-C\n:4\n');
});

test('what the plugin says without a cluster is its own', async () => {
  const script = `exec 2>&1; kubectl crashcart web -- true; echo "exit code $?"`;
  expect(await run(['/bin/sh', '-c', script])).toBe(
    'error: no kubeconfig was found\n' +
      'Give one with --kubeconfig or the environment variable KUBECONFIG.\n' +
      'exit code 125\n',
  );
});

test('krew takes it from an index, and removes all of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'crashcart-index-'));
  const env = { ...withKrew(), KREW_ROOT: join(folder, 'krew') };
  const index = join(folder, 'index');
  const git = (...args: string[]) => runCommand('git', ['-C', index, ...args]);
  const runKrew = (...args: string[]) => runCommand('kubectl', ['krew', ...args], { env });
  try {
    // As krew/README.md tells it.
    await runCommand('git', ['init', '--quiet', index]);
    mkdirSync(join(index, 'plugins'));
    copyFileSync(join(release, 'crashcart.yaml'), join(index, 'plugins/crashcart.yaml'));
    await git('add', 'plugins');
    await git(
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@a.example',
      'commit',
      '--quiet',
      '-m',
      'Add crashcart',
    );
    await runKrew('index', 'add', 'crashcart', index);
    await runKrew('install', 'crashcart/crashcart');
    expect(readdirSync(join(folder, 'krew/bin'))).toEqual(['kubectl-crashcart']);
    await runKrew('uninstall', 'crashcart');
    expect(readdirSync(join(folder, 'krew/bin'))).toEqual([]);
    expect(readdirSync(join(folder, 'krew/store'))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
