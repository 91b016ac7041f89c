import { existsSync } from 'node:fs';
import { chmod, lstat, readFile, rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { getErrorMessage } from '../../../failure/error-message.ts';
import { Failure } from '../../../failure/failure.ts';

/** The program that kubectl calls, beside the plugin's link: krew keeps the link, but gives each version a new folder. */
interface CompletionProgram {
  plugin: string;
  name: string;
  content: string;
}

export const unixProgram: CompletionProgram = {
  plugin: 'kubectl-crashcart',
  name: 'kubectl_complete-crashcart',
  content: `#!/bin/sh
# What kubectl calls to complete \`kubectl crashcart …\`. Its contract has no place for errors: the user is typing.
exec "\${0%/*}/kubectl-crashcart" __complete "$@" 2>/dev/null
`,
};
const windowsName = 'kubectl_complete-crashcart.cmd';
/** Beside a release's program. */
export const windowsProgram: CompletionProgram = {
  plugin: 'kubectl-crashcart.exe',
  name: windowsName,
  content: '@"%~dp0kubectl-crashcart.exe" __complete %* 2>nul\r\n',
};
/** Beside what npm puts before a script. kubectl can't run npm's .ps1. */
const windowsScript: CompletionProgram = {
  plugin: 'kubectl-crashcart.cmd',
  name: windowsName,
  content: '@call "%~dp0kubectl-crashcart.cmd" __complete %* 2>nul\r\n',
};
/** The program that npm's own .cmd for completion starts; that .cmd has the name of ours. */
const npmProgram = /kubectl-crashcart[\\/]lib[\\/]complete\.cjs/;

/**
 * Makes kubectl complete `kubectl crashcart …`: krew links only the plugin itself.
 * @param directory folder of the plugin; null: the first folder of PATH that has the plugin.
 * @returns the file that kubectl calls.
 * @throws Failure `configuration`.
 */
export async function installCompletion(
  directory: string | null,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Promise<string> {
  const programs = platform === 'win32' ? [windowsProgram, windowsScript] : [unixProgram];
  const folders = directory === null ? (env['PATH'] ?? '').split(delimiter).filter(Boolean) : [directory];
  const { folder, program } = findPlugin(folders, programs) ?? {};
  if (folder === undefined || program === undefined) {
    throw new Failure(
      'configuration',
      `${programs.map(({ plugin }) => plugin).join(' or ')} is not in ${directory ?? 'a folder of PATH'}`,
      'Give the folder where kubectl finds the plugin with --directory.',
    );
  }
  const file = join(folder, program.name);
  const known = await readFile(file, 'utf8').catch(() => null);
  const info = await lstat(file).catch(() => null);
  const isOurs = known?.includes('__complete') === true;
  // npm made the link, and keeps it.
  if (known === program.content || (isOurs && info?.isSymbolicLink())) return file;
  if (known !== null && npmProgram.test(known)) return file;
  // An older version's own file is replaced, nothing else.
  if (info !== null && !(isOurs && info.isFile()))
    throw new Failure('configuration', `${file} exists, and is not from crashcart`, 'Remove it first.');
  try {
    const unfinished = `${file}.${process.pid}`;
    await writeFile(unfinished, program.content);
    await chmod(unfinished, 0o755);
    await rename(unfinished, file);
  } catch (error) {
    const message = getErrorMessage(error);
    throw new Failure(
      'configuration',
      `${file} can't be written: ${message}`,
      'Run this as the user who installed the plugin.',
      { cause: error },
    );
  }
  return file;
}

/** @returns the first folder with a plugin, in the order of PATH; null when there is none. */
function findPlugin(
  folders: string[],
  programs: CompletionProgram[],
): { folder: string; program: CompletionProgram } | null {
  const found = folders
    .flatMap((folder) => programs.map((program) => ({ folder, program })))
    .find(({ folder, program }) => existsSync(join(folder, program.plugin)));
  return found ?? null;
}
