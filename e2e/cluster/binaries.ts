import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildOnce, hashInputs } from '../../images/machine/build-cache.ts';
import { installPackages } from '../../images/machine/install-packages.ts';
import { runCommand } from '../../images/machine/run-command.ts';

/** cgo is needed for runc's seccomp alone: without it every sandbox fails. */
const buildPackages = ['gcc', 'libc6-dev', 'libseccomp-dev', 'pkg-config'];

const progressIntervalMs = 20_000;

/**
 * Builds everything that the cluster is made of from Go modules, or finds it in the cache.
 * @returns the folder that holds the binaries (etcd's is called `server`).
 */
export async function buildBinaries(): Promise<string> {
  const version = await readGoVersion();
  const sources = ['go.mod', 'go.sum', 'dns-server'].map((name) => ({
    file: join(import.meta.dirname, name),
  }));
  return buildOnce('cluster-binaries', await hashInputs([version, ...sources]), async (directory) => {
    await installPackages(buildPackages);
    process.stderr.write('building Kubernetes, containerd, runc and etcd: about 10 minutes the first time\n');
    await runGoBuild(directory);
  });
}

async function readGoVersion(): Promise<string> {
  try {
    return await runCommand('go', ['version'], { cwd: import.meta.dirname });
  } catch (error) {
    throw new Error('the cluster is built from Go modules: install Go 1.26 or later (https://go.dev/dl)', {
      cause: error,
    });
  }
}

async function runGoBuild(directory: string): Promise<void> {
  const args = [
    'build',
    '-v',
    '-tags',
    'seccomp',
    '-ldflags',
    '-s -w',
    '-o',
    `${directory}/`,
    'tool',
    './dns-server',
  ];
  const child = spawn('go', args, {
    cwd: import.meta.dirname,
    env: { ...process.env, CGO_ENABLED: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 60 * 60_000,
  });
  const started = performance.now();
  const lines: string[] = [];
  const progress = setInterval(() => {
    const elapsed = Math.round((performance.now() - started) / 1000);
    process.stderr.write(
      `  ${elapsed} s, ${lines.length} packages, now ${lines.at(-1) ?? 'reading modules'}\n`,
    );
  }, progressIntervalMs);
  try {
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    for await (const line of createInterface({ input: child.stderr })) lines.push(line);
    if ((await ended) !== 0) throw new Error(`go build failed:\n${lines.slice(-15).join('\n')}`);
  } finally {
    clearInterval(progress);
  }
}
