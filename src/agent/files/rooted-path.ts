import { constants } from 'node:fs';
import { type FileHandle, open, readlink, stat } from 'node:fs/promises';

/** As in the kernel's own path walk (`MAXSYMLINKS`). */
const maxLinks = 40;

/** A file reached below some root: the folder that holds it, pinned by descriptor, and its last name. */
export interface RootedFile {
  directory: FileHandle;
  name: string;
  /** A path that leads to the file through the descriptor; valid while `directory` is open. */
  path: string;
}

/**
 * Walks to a file as a process whose root is `root` would, absolute links included, and can't be led out:
 * every step goes through a descriptor, opened with O_NOFOLLOW; links are read and walked by this function,
 * and `..` at the root stays there. (Node has no openat2 with RESOLVE_IN_ROOT.) Not for a target's files, which may keep
 * it waiting for ever: hostile-files.ts.
 * @param root a folder, such as `/proc/1/root`.
 * @throws the error of the file system: ENOENT, ENOTDIR, ELOOP, …
 */
export async function walkInRoot(root: string, path: string): Promise<RootedFile> {
  const ancestors: FileHandle[] = [await open(root, constants.O_RDONLY | constants.O_DIRECTORY)];
  const pending = splitPath(path);
  let links = 0;
  try {
    for (;;) {
      const name = pending.shift();
      if (name === undefined) throw createFileError('EISDIR', path);
      const directory = ancestors.at(-1) as FileHandle;
      if (name === '..') {
        if (ancestors.length > 1) await (ancestors.pop() as FileHandle).close();
        continue;
      }
      const here = `/proc/self/fd/${directory.fd}/${name}`;
      const link = await readlink(here).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'EINVAL') return null;
        throw error;
      });
      if (link !== null) {
        if (++links > maxLinks) throw createFileError('ELOOP', path);
        if (link.startsWith('/')) for (const handle of ancestors.splice(1)) await handle.close();
        pending.unshift(...splitPath(link));
        continue;
      }
      if (pending.length === 0) {
        ancestors.pop();
        return { directory, name, path: here };
      }
      ancestors.push(await open(here, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
    }
  } finally {
    for (const handle of ancestors) await handle.close();
  }
}

/** @returns whether a process whose root is `root` finds a regular file at a path, over links too. Never rejects. */
export async function isFileInRoot(root: string, path: string): Promise<boolean> {
  const found = await walkInRoot(root, path).catch(() => null);
  if (found === null) return false;
  try {
    return (await stat(found.path)).isFile();
  } catch {
    return false;
  } finally {
    await found.directory.close();
  }
}

function splitPath(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function createFileError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
