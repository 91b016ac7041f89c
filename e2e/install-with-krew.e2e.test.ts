import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { platforms } from '../krew/platforms.ts';
import { makeRelease } from '../krew/release.ts';
import { buildBinaries } from './cluster/binaries.ts';
import { createBareSystem, runInBareSystem } from './session/bare-system.ts';
import { installWithKrew } from './session/krew-installation.ts';

const root = mkdtempSync(join(tmpdir(), 'crashcart-krew-'));
afterAll(() => rmSync(root, { recursive: true }));

const env = { PATH: '/root/.krew/bin:/bin', HOME: '/root' };

beforeAll(async () => {
  const release = mkdtempSync(join(tmpdir(), 'crashcart-release-'));
  try {
    await makeRelease({
      version: '1.2.3',
      platforms: platforms.filter(({ os, arch }) => os === 'linux' && arch === 'amd64'),
      baseURL: 'https://crashcart.example/releases',
      directory: release,
      onProgress: () => undefined,
    });
    const krew = join(root, 'root/.krew');
    mkdirSync(krew, { recursive: true });
    installWithKrew(krew, release, 'linux', 'amd64');
  } finally {
    rmSync(release, { recursive: true });
  }
  const kubectl = join(await buildBinaries(), 'kubectl');
  const node = join(root, 'root/.krew/store/crashcart/v1.2.3/lib/node');
  createBareSystem(root, ['/bin/sh', '/usr/bin/env', '/usr/bin/readlink', kubectl], [node]);
}, 120_000);

test('the machine has no Node of its own, and krew links one file', () => {
  expect(readdirSync(join(root, 'bin')).toSorted()).toEqual(['env', 'kubectl', 'readlink', 'sh']);
  expect(readdirSync(join(root, 'root/.krew/bin'))).toEqual(['kubectl-crashcart']);
});

test('of the machine it needs the libraries that krew/README.md names', () => {
  const needed = execFileSync('ldd', [join(root, 'root/.krew/store/crashcart/v1.2.3/lib/node')]).toString();
  const names = [...needed.matchAll(/^\s+(lib\w[\w+]*)\.so/gm)].map(([, name]) => name);
  const glibc = ['libc', 'libdl', 'libm', 'libpthread'];
  expect(names.toSorted()).toEqual([...glibc, 'libatomic', 'libgcc_s', 'libstdc++'].toSorted());
});

test('kubectl finds the plugin', () => {
  expect(runInBareSystem(root, ['/bin/kubectl', 'plugin', 'list', '--name-only'], env)).toContain(
    'kubectl-crashcart',
  );
});

test('kubectl crashcart runs there', () => {
  const run = (args: string[]) => runInBareSystem(root, ['/bin/kubectl', 'crashcart', ...args], env);
  expect(run(['--version'])).toBe('kubectl-crashcart 1.2.3\n');
  // More than the first file of the bundle.
  expect(run(['--help'])).toContain('kubectl crashcart TARGET');
});

test('completion is installed by the plugin, beside the link that krew keeps', () => {
  const complete = ['/bin/kubectl', '__complete', 'crashcart', 'web', '--tool', 'tcpd'];
  expect(runInBareSystem(root, complete, env)).not.toContain('tcpdump');
  const install = ['/bin/kubectl', 'crashcart', 'completion', 'install'];
  expect(runInBareSystem(root, install, env)).toBe('/root/.krew/bin/kubectl_complete-crashcart\n');
  expect(runInBareSystem(root, complete, env)).toBe('tcpdump\tcapture packets\n:4\n');
});

test('what the plugin says without a cluster is its own', () => {
  const script = `kubectl crashcart web -- true; echo "exit code $?"`;
  const output = runInBareSystem(root, ['/bin/sh', '-c', `exec 2>&1; ${script}`], env);
  expect(output).toBe(
    'error: no kubeconfig was found\n' +
      'Give one with --kubeconfig or the environment variable KUBECONFIG.\n' +
      'exit code 125\n',
  );
});
