import { existsSync } from 'node:fs';
import { runCommand } from './run-command.ts';

/**
 * Installs the Debian packages that are missing.
 * @throws on a machine that is not a Debian, naming what has to be installed by hand.
 */
export async function installPackages(names: string[]): Promise<void> {
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Error(
      `this machine has no apt-get: install the packages that Debian calls ${names.join(', ')}, then try again`,
    );
  }
  const missing = await findMissingPackages(names);
  if (missing.length === 0) return;
  process.stderr.write(`installing the Debian packages ${missing.join(' ')}\n`);
  await runApt(['update']);
  await runApt(['install', '--yes', '--no-install-recommends', ...missing]);
}

async function findMissingPackages(names: string[]): Promise<string[]> {
  // dpkg-query fails as soon as it does not know one of the names, and still lists the others.
  const query =
    'dpkg-query --show --showformat \'${Package} ${db:Status-Status}\\n\' "$@" 2>/dev/null || true';
  const known = await runCommand('sh', ['-c', query, 'sh', ...names]);
  const installed = new Set(
    known
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !installed.has(name));
}

async function runApt(args: string[]): Promise<void> {
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args];
  if (process.getuid?.() !== 0) command.unshift('sudo');
  const [file = 'apt-get', ...rest] = command;
  await runCommand(file, rest, { timeoutMs: 10 * 60_000 });
}
