import { mkdirSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { type CopyEntry, getType } from '../../../../copy-stream/copy-entry.ts';
import { Failure } from '../../../../failure/failure.ts';
import type { TopPlace } from './tree-writer.ts';

/** Where the user wants files to be. */
export interface Destination {
  /** As typed. */
  path: string;
  /** Whether several sources may come, or what comes is to be in a folder by its own name in any case. */
  isFolder: boolean;
}

/**
 * Decides where a source comes to lie, as `kubectl cp` does: the content of a folder comes into DESTINATION, and a file
 * gets this name, or comes into it when it is a folder. Folders above it are made.
 * @throws Failure `outputFile`.
 */
export function choosePlace({ path, isFolder }: Destination, top: CopyEntry): TopPlace {
  const whole = resolve(path);
  const found = getStatus(whole);
  const isTree = getType(top) === 'folder';
  const isContent = top.path.toString('latin1') === '.';
  if (found !== null && !found.isDirectory() && (isTree || isFolder))
    throw new Failure(
      'outputFile',
      `${path} is a file, and a folder is to be copied`,
      'Name a folder, or another name.',
    );
  if (isFolder) return { folder: makeFolders(whole), name: isContent ? null : top.path };
  if (isTree) {
    if (found !== null || isContent) return { folder: makeFolders(whole), name: null };
    return { folder: makeFolders(dirname(whole)), name: Buffer.from(basename(whole)) };
  }
  if (found?.isDirectory() === true || /[\\/]$/.test(path))
    return { folder: makeFolders(whole), name: top.path };
  return { folder: makeFolders(dirname(whole)), name: Buffer.from(basename(whole)) };
}

/** @returns null when nothing is there. The user's own links are followed. */
function getStatus(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

function makeFolders(path: string): Buffer {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new Failure('outputFile', `${path} can't be made: ${(error as Error).message}`, null, {
      cause: error,
    });
  }
  return Buffer.from(path);
}
