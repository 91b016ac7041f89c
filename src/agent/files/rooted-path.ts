import { constants } from 'node:fs';
import { type FileHandle, open, readlink } from 'node:fs/promises';

/** O_PATH of open(2), on both architectures; Node does not name it. */
const pathFlag = 0x200000;
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
 * and `..` at the root stays there. (Node has no openat2 with RESOLVE_IN_ROOT.)
 * @param root a folder, such as `/proc/PID/root`; itself trusted, what is below it is not.
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

/**
 * Reads a small regular file below a root that is not trusted.
 * @param maxBytes a longer file is refused.
 * @returns null when it is missing, is not a regular file, or is too long.
 */
export async function readFileInRoot(root: string, path: string, maxBytes: number): Promise<Buffer | null> {
  let walked: RootedFile;
  try {
    walked = await walkInRoot(root, path);
  } catch {
    return null;
  }
  try {
    // O_PATH: opening a device can act (a watchdog begins to run), and opening a FIFO waits for its other end.
    const found = await open(walked.path, pathFlag | constants.O_NOFOLLOW);
    try {
      if (!(await found.stat()).isFile()) return null;
      return await readWhole(`/proc/self/fd/${found.fd}`, maxBytes);
    } finally {
      await found.close();
    }
  } catch {
    return null;
  } finally {
    await walked.directory.close();
  }
}

/** @returns null when it is longer. */
async function readWhole(path: string, maxBytes: number): Promise<Buffer | null> {
  const file = await open(path, constants.O_RDONLY);
  try {
    const buffer = Buffer.alloc(maxBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return bytesRead > maxBytes ? null : buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function splitPath(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function createFileError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
