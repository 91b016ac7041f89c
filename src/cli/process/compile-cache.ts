import { mkdirSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { findHome } from '../../cluster/api/kubeconfig/home-folder.ts';

/**
 * Makes the folder for Node's compile cache, in the user's folder for caches.
 * https://specifications.freedesktop.org/basedir-spec/latest/
 * @returns null where there can be none: the plugin does without, and only starts more slowly.
 */
export function makeCompileCache(environment: NodeJS.ProcessEnv): string | null {
  const { XDG_CACHE_HOME = '' } = environment;
  const home = findHome(environment) ?? '';
  // The specification says to ignore a relative path; one that is relative to HOME would litter every folder.
  const caches = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(home, '.cache');
  const folder = join(caches, 'kubectl-crashcart', 'compile-cache');
  return isAbsolute(folder) && makeFolder(folder) ? folder : null;
}

/**
 * Node makes folders with their parents by a loop that never ends where a folder exists and yet nothing in it does, as in
 * /proc: https://github.com/nodejs/node/blob/v26.0.0/src/node_file.cc (MKDirpSync). Its compile cache does so, too.
 * @returns whether the folder is there.
 */
function makeFolder(path: string): boolean {
  const result = tryMakeFolder(path);
  if (result !== 'ENOENT') return result === null || result === 'EEXIST';
  const parent = dirname(path);
  return parent !== path && makeFolder(parent) && [null, 'EEXIST'].includes(tryMakeFolder(path));
}

/** @returns the code of the error; null when the folder was made. */
function tryMakeFolder(path: string): string | null {
  try {
    mkdirSync(path);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}
