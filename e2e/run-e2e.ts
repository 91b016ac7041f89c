// `npm run test:e2e -- [--context NAME [--loaded]] [FILE…] [JEST'S FLAGS…]`: the e2e tests, on the built-in cluster or
// on one that exists.
import { execa } from 'execa';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findSkipReason } from './built-in-tests.ts';
import { exportKubeconfig, prepareExistingCluster } from './existing-cluster.ts';
import { kubeconfigVariable } from './harness/tested-cluster.ts';

const checkout = join(import.meta.dirname, '..');
const nodeFlags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const jest = [
  join(checkout, 'node_modules/jest/bin/jest.js'),
  '--selectProjects',
  'e2e',
  '--ci',
  '--runInBand',
];

const { context, isLoaded, args } = takeOwnFlags(process.argv.slice(2));
try {
  process.exitCode = context === null ? await runJest(args, {}) : await runOnExisting(context);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

function takeOwnFlags(words: string[]) {
  const index = words.findIndex((word) => word === '--context' || word.startsWith('--context='));
  const own = index === -1 ? [] : words.splice(index, words[index] === '--context' ? 2 : 1);
  const name = own[1] ?? own[0]?.replace(/^--context=?/, '') ?? null;
  return {
    context: name,
    isLoaded: words.includes('--loaded'),
    args: words.filter((word) => word !== '--loaded'),
  };
}

async function runOnExisting(name: string): Promise<number> {
  const firstFlag = args.findIndex((word) => word.startsWith('-'));
  const wanted = firstFlag === -1 ? args : args.slice(0, firstFlag);
  const flags = args.slice(wanted.length);
  const files = globSync('**/*.e2e.test.ts', { cwd: import.meta.dirname })
    .toSorted()
    .filter((file) => wanted.length === 0 || wanted.some((part) => join('e2e', file).includes(part)));
  const isRun = (file: string) => findSkipReason(file) === null;
  const skipped = files.filter((file) => !isRun(file));
  for (const file of skipped) console.error(`skipped: e2e/${file}: ${findSkipReason(file)}`);
  const runnable = files.filter(isRun).map((file) => join('e2e', file));
  let code = 0;
  if (runnable.length > 0) {
    const directory = await mkdtemp(join(tmpdir(), 'crashcart-e2e-'));
    try {
      const kubeconfig = join(directory, 'kubeconfig');
      await exportKubeconfig(name, kubeconfig);
      await prepareExistingCluster(name, kubeconfig, isLoaded);
      code = await runJest([...flags, '--runTestsByPath', ...runnable], { [kubeconfigVariable]: kubeconfig });
    } finally {
      await rm(directory, { recursive: true });
    }
  }
  console.error(
    `${runnable.length} files run, ${skipped.length} skipped: only the built-in cluster can run them`,
  );
  return code;
}

async function runJest(words: string[], env: Record<string, string>): Promise<number> {
  const options = { cwd: checkout, env, stdio: 'inherit', reject: false } as const;
  const { exitCode } = await execa(process.execPath, [...nodeFlags, ...jest, ...words], options);
  return exitCode ?? 1;
}
