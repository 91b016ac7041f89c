import { existsSync } from 'node:fs';
import { chmod, lstat, readFile, rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Failure } from '../../cluster/failure.ts';

/** What kubectl calls, beside the plugin: its link there is kept by krew, which gives each version a new folder. */
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
export const windowsProgram: CompletionProgram = {
  plugin: 'kubectl-crashcart.exe',
  name: 'kubectl_complete-crashcart.cmd',
  content: '@"%~dp0kubectl-crashcart.exe" __complete %* 2>nul\r\n',
};

/**
 * Has kubectl complete `kubectl crashcart …`: krew links the plugin alone.
 * @param directory null: the first of PATH that has the plugin.
 * @returns the file that kubectl calls.
 * @throws Failure `configuration`.
 */
export async function installCompletion(
  directory: string | null,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Promise<string> {
  const program = platform === 'win32' ? windowsProgram : unixProgram;
  const folder = directory ?? findFolder(program.plugin, env['PATH'] ?? '');
  if (folder === null || !existsSync(join(folder, program.plugin))) {
    throw new Failure(
      'configuration',
      `${program.plugin} is not in ${folder ?? 'a folder of PATH'}`,
      'Give the folder that it is in, and that kubectl finds it in, with --directory.',
    );
  }
  const file = join(folder, program.name);
  const known = await readFile(file, 'utf8').catch(() => null);
  const info = await lstat(file).catch(() => null);
  const isOurs = known?.includes('__complete') === true;
  // npm has linked it, and keeps it.
  if (known === program.content || (isOurs && info?.isSymbolicLink())) return file;
  // An older version's own file is replaced, nothing else.
  if (info !== null && !(isOurs && info.isFile()))
    throw new Failure('configuration', `${file} is there already, and not from here`, 'Remove it first.');
  try {
    const unfinished = `${file}.${process.pid}`;
    await writeFile(unfinished, program.content);
    await chmod(unfinished, 0o755);
    await rename(unfinished, file);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Failure(
      'configuration',
      `${file} can't be written: ${message}`,
      'Run this as whoever installed the plugin.',
      { cause: error },
    );
  }
  return file;
}

function findFolder(plugin: string, path: string): string | null {
  return path.split(delimiter).find((folder) => folder !== '' && existsSync(join(folder, plugin))) ?? null;
}
