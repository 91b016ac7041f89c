import { chmodSync, chownSync, lstatSync, mkdirSync, utimesSync } from 'node:fs';
import type { CopyEntry } from '../../../../copy-stream/copy-entry.ts';
import { joinPath } from './byte-path.ts';
import { toSeconds } from './file-time.ts';

/** What written files and folders are given. */
export interface FolderRules {
  /** Whether times and permissions are those of the source. */
  preserve: boolean;
  /** Whether owners are, too: only root can do that. */
  setsOwner: boolean;
  /** Permissions when nothing is preserved. */
  fileMode: number;
  folderMode: number;
}

/** A folder whose entries are coming. */
export interface OpenFolder {
  path: Buffer;
  entry: CopyEntry;
  /** Whether this copy has made it. */
  isNew: boolean;
}

/**
 * Makes a folder, or takes one that is there.
 * @param name null: the folder is there, and the user has named it.
 * @throws Error when something else has the name: a link is not followed; errors of the file system.
 */
export function openFolder(above: Buffer, name: Buffer | null, entry: CopyEntry): OpenFolder {
  if (name === null) return { path: above, entry, isNew: false };
  const path = joinPath(above, name);
  try {
    // For us alone until all of it is there.
    mkdirSync(path, 0o700);
    return { path, entry, isNew: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (!lstatSync(path).isDirectory()) throw new Error('something else than a folder has its name here');
  return { path, entry, isNew: false };
}

/**
 * Gives a folder what its source has; one that was there before keeps what it has. Only when all is written: a source may
 * not be writable, and each entry changes the time.
 * @throws errors of the file system.
 */
export function closeFolder({ path, entry, isNew }: OpenFolder, rules: FolderRules): void {
  if (!isNew) return;
  if (!rules.preserve) return chmodSync(path, rules.folderMode);
  if (rules.setsOwner) chownSync(path, entry.uid, entry.gid);
  chmodSync(path, entry.mode & 0o777);
  const time = toSeconds(entry.mtimeNs);
  utimesSync(path, time, time);
}
