import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  openSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writevSync,
} from 'node:fs';
import { type CopyEntry, getType } from '../../../../copy-stream/copy-entry.ts';
import { Failure } from '../../../../failure/failure.ts';
import { closeFolder, type FolderRules, type OpenFolder, openFolder } from './open-folder.ts';
import { toSeconds } from './file-time.ts';
import { foldName, foldsNames, refuseName } from './local-name.ts';
import { namePart } from './part-name.ts';

/** Pieces come in 16 to 64 KiB; fewer, larger writes are cheaper. */
const flushBytes = 256 * 1024;
/** Nothing more can be written after one of these. */
const fatalCodes = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE']);

/** How files are written. */
export interface WriterRules extends FolderRules {
  /** Whether what has come of a file that is cut is left for another copy to go on with. */
  keepParts: boolean;
}

/** Where the first entry comes to lie: the folder, which exists, and its name; null: the entry is the folder itself. */
export interface TopPlace {
  folder: Buffer;
  name: Buffer | null;
}

interface OpenFile {
  entry: CopyEntry;
  folder: Buffer;
  name: Buffer;
  descriptor: number;
  position: number;
  pending: Buffer[];
  pendingBytes: number;
  hash: Hash;
}

/**
 * Writes a tree that comes from a target, which is hostile: nothing is written outside of the destination. An entry is only
 * made in a folder that was an entry before, and that is a folder of this copy or was one before it, and not a link. Links
 * are replaced, never followed. A file has another name until its content is whole and its hash is right.
 */
export class TreeWriter {
  readonly #choosePlace: (top: CopyEntry) => TopPlace;
  readonly #rules: WriterRules;
  readonly #fail: (path: Buffer, reason: string) => void;
  readonly #folders: OpenFolder[] = [];
  readonly #taken: Set<string> | null = foldsNames() ? new Set() : null;
  #top: TopPlace | null = null;
  #file: OpenFile | null = null;
  /** What is below a folder that can't be made is left out; the folder was told. */
  #failedFolder: Buffer | null = null;
  #files = 0;
  #bytes = 0;

  /**
   * @param choosePlace is asked once for each source.
   * @param fail is told of each entry that can't be written.
   */
  constructor(
    choosePlace: (top: CopyEntry) => TopPlace,
    rules: WriterRules,
    fail: (path: Buffer, reason: string) => void,
  ) {
    this.#choosePlace = choosePlace;
    this.#rules = rules;
    this.#fail = fail;
  }

  /** Files and links that are whole. */
  get files(): number {
    return this.#files;
  }

  /** What has come, holes included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws Failure `outputFile` when nothing more can be written; what `choosePlace` throws. */
  begin(entry: CopyEntry, isHardLink: boolean): void {
    this.#dropFile(false);
    if (!entry.path.includes('/')) {
      this.#leaveFolders(0);
      this.#top = this.#choosePlace(entry);
    }
    if (this.#failedFolder !== null && isBelow(entry.path, this.#failedFolder)) return;
    this.#failedFolder = null;
    try {
      this.#make(entry, isHardLink);
    } catch (error) {
      if (getType(entry) === 'folder') this.#failedFolder = entry.path;
      this.#tell(entry, error);
    }
  }

  /** @param frame with its head, for the hash. */
  hole(length: number, frame: Buffer): void {
    this.#write((file) => {
      file.hash.update(frame);
      flush(file);
      file.position += length;
      this.#bytes += length;
    });
  }

  dataHead(head: Buffer): void {
    this.#file?.hash.update(head);
  }

  data(piece: Buffer): void {
    this.#write((file) => {
      file.hash.update(piece);
      file.pending.push(piece);
      file.pendingBytes += piece.length;
      this.#bytes += piece.length;
      if (file.pendingBytes >= flushBytes) flush(file);
    });
  }

  /** @returns whether a file is whole by that. */
  end(sha256: Buffer): boolean {
    const file = this.#file;
    if (file === null) return false;
    const { entry, descriptor, folder, name } = file;
    const part = join(folder, namePart(name));
    try {
      flush(file);
      if (!file.hash.digest().equals(sha256)) throw new Error('other bytes came than were sent');
      ftruncateSync(descriptor, file.position);
      this.#setAttributes(descriptor, entry);
      closeSync(descriptor);
      this.#file = null;
      rename(part, join(folder, name));
      this.#files++;
      return true;
    } catch (error) {
      if (this.#file === null) removeFile(part);
      else this.#dropFile(false);
      this.#tell(entry, error);
      return false;
    }
  }

  /** The source of the file could not be read on. */
  cut(reason: string): void {
    if (this.#file === null) return;
    const { entry } = this.#file;
    this.#dropFile(false);
    this.#fail(entry.path, reason);
  }

  /** All has come. */
  finish(): void {
    this.#leaveFolders(0);
  }

  /** No more will come. @returns whether a part was kept. */
  abandon(): boolean {
    const isKept = this.#file !== null && this.#rules.keepParts;
    this.#dropFile(this.#rules.keepParts);
    this.#leaveFolders(0);
    return isKept;
  }

  #make(entry: CopyEntry, isHardLink: boolean): void {
    const { folder, name } = this.#findPlace(entry.path);
    if (name === null) return void this.#folders.push(openFolder(folder, null, entry));
    const refusal = refuseName(name);
    if (refusal !== null) throw new Error(refusal);
    this.#refuseTaken(entry.path);
    const path = join(folder, name);
    const type = getType(entry);
    if (isHardLink) this.#link(entry, folder, name);
    else if (type === 'folder') this.#folders.push(openFolder(folder, name, entry));
    else if (type === 'symbolicLink') this.#makeSymbolicLink(entry, folder, name);
    else if (type === 'file') this.#openFile(entry, folder, name);
    else throw new Error(`${path.toString()} is not a file`);
  }

  /** Leaves the folders that are done. @throws when the entry's folder did not come before. */
  #findPlace(path: Buffer): TopPlace {
    const slash = path.lastIndexOf('/');
    if (slash < 0) return this.#top as TopPlace;
    const above = path.subarray(0, slash);
    let depth = this.#folders.length;
    while (depth > 0 && this.#folders[depth - 1]?.entry.path.equals(above) !== true) depth--;
    if (depth === 0) throw new Error('its folder did not come before it');
    this.#leaveFolders(depth);
    return { folder: (this.#folders[depth - 1] as OpenFolder).path, name: path.subarray(slash + 1) };
  }

  #leaveFolders(depth: number): void {
    while (this.#folders.length > depth) {
      const folder = this.#folders.pop() as OpenFolder;
      try {
        closeFolder(folder, this.#rules);
      } catch (error) {
        this.#tell(folder.entry, error);
      }
    }
  }

  /** Two names that this system takes for one: the second would replace the first. */
  #refuseTaken(path: Buffer): void {
    if (this.#taken === null) return;
    const folded = foldName(path.toString());
    if (this.#taken.has(folded)) throw new Error('this system takes its name for the one of another file');
    this.#taken.add(folded);
  }

  #makeSymbolicLink(entry: CopyEntry, folder: Buffer, name: Buffer): void {
    const part = join(folder, namePart(name));
    removeFile(part);
    symlinkSync(entry.link, part);
    if (this.#rules.preserve) {
      const time = toSeconds(entry.mtimeNs);
      lutimesSync(part, time, time);
    }
    rename(part, join(folder, name));
    this.#files++;
  }

  /** @throws when a part of the way to the other name is not a folder of this tree. */
  #link(entry: CopyEntry, folder: Buffer, name: Buffer): void {
    const other = this.#findOther(entry.link);
    const part = join(folder, namePart(name));
    removeFile(part);
    linkSync(other, part);
    rename(part, join(folder, name));
    // rename(2) does nothing with two names of one file.
    removeFile(part);
    this.#files++;
  }

  #findOther(link: Buffer): Buffer {
    const [, ...parts] = splitPath(link);
    const top = this.#top as TopPlace;
    let path = top.folder;
    for (const [index, name] of [...(top.name === null ? [] : [top.name]), ...parts].entries()) {
      const refusal = refuseName(name);
      if (refusal !== null) throw new Error(refusal);
      if (index > 0 && !lstatSync(path).isDirectory()) throw new Error('it is a link out of its tree');
      path = join(path, name);
    }
    if (!lstatSync(path).isFile()) throw new Error('the file that it is another name of is missing');
    return path;
  }

  #openFile(entry: CopyEntry, folder: Buffer, name: Buffer): void {
    const part = join(folder, namePart(name));
    const isNew = entry.start === 0;
    if (isNew) removeFile(part);
    // O_NOFOLLOW is not there on Windows.
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;
    const descriptor = openSync(part, O_WRONLY | O_NOFOLLOW | (isNew ? O_CREAT | O_EXCL : 0), 0o600);
    const file = { entry, folder, name, descriptor, pending: [], pendingBytes: 0 };
    this.#file = { ...file, position: entry.start, hash: createHash('sha256') };
    this.#bytes += entry.start;
    if (isNew || (fstatSync(descriptor).isFile() && fstatSync(descriptor).size === entry.start)) return;
    this.#dropFile(true);
    throw new Error('what an earlier copy has left of it was changed');
  }

  #write(write: (file: OpenFile) => void): void {
    if (this.#file === null) return;
    try {
      write(this.#file);
    } catch (error) {
      const { entry } = this.#file;
      this.#dropFile(false);
      this.#tell(entry, error);
    }
  }

  #dropFile(isKept: boolean): void {
    if (this.#file === null) return;
    const { descriptor, folder, name } = this.#file;
    try {
      if (isKept) flush(this.#file);
    } finally {
      closeSync(descriptor);
      if (!isKept) removeFile(join(folder, namePart(name)));
      this.#file = null;
    }
  }

  #setAttributes(descriptor: number, { mode, uid, gid, mtimeNs }: CopyEntry): void {
    if (!this.#rules.preserve) return fchmodSync(descriptor, this.#rules.fileMode);
    if (this.#rules.setsOwner) fchownSync(descriptor, uid, gid);
    // Without set-user-ID, set-group-ID and the sticky bit: the target could make a program of another user's here.
    fchmodSync(descriptor, mode & 0o777);
    const time = toSeconds(mtimeNs);
    futimesSync(descriptor, time, time);
  }

  #tell({ path }: CopyEntry, error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined && fatalCodes.has(code))
      throw new Failure('outputFile', `${path.toString()} can't be written: ${message}`, null, {
        cause: error,
      });
    this.#fail(path, describe(error as NodeJS.ErrnoException));
  }
}

/** @returns a path of bytes: names of Linux need not be text. */
export function join(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), name]);
}

function flush(file: OpenFile): void {
  const { descriptor, pending } = file;
  let waiting = pending.splice(0);
  file.pendingBytes = 0;
  while (waiting.length > 0) {
    const written = writevSync(descriptor, waiting, file.position);
    file.position += written;
    waiting = skip(waiting, written);
  }
}

/** @returns what is left of buffers after some bytes. */
function skip(buffers: Buffer[], bytes: number): Buffer[] {
  let rest = bytes;
  const index = buffers.findIndex(({ length }) => {
    if (rest < length) return true;
    rest -= length;
    return false;
  });
  const first = buffers[index];
  return first === undefined ? [] : [first.subarray(rest), ...buffers.slice(index + 1)];
}

function rename(part: Buffer, path: Buffer): void {
  try {
    renameSync(part, path);
  } catch (error) {
    removeFile(part);
    throw error;
  }
}

function removeFile(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch {
    // What comes next tells what is wrong.
  }
}

function splitPath(path: Buffer): Buffer[] {
  return path
    .toString('latin1')
    .split('/')
    .map((part) => Buffer.from(part, 'latin1'));
}

function isBelow(path: Buffer, folder: Buffer): boolean {
  return path.subarray(0, folder.length + 1).equals(Buffer.concat([folder, Buffer.from('/')]));
}

function describe({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EISDIR' || code === 'ENOTEMPTY') return 'a folder has its name here';
  if (code === 'ENAMETOOLONG') return 'its name is too long for this file system';
  return message;
}
