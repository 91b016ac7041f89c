import { linkSync, lstatSync, lutimesSync, symlinkSync } from 'node:fs';
import { type CopyEntry, getType } from '../../../../copy-stream/copy-entry.ts';
import { Failure } from '../../../../failure/failure.ts';
import { isBelow, joinPath, splitPath } from './byte-path.ts';
import { toSeconds } from './file-time.ts';
import { IncomingFile, removeFile, renamePart } from './incoming-file.ts';
import { foldName, foldsNames, refuseName } from './local-name.ts';
import { closeFolder, type FolderRules, type OpenFolder, openFolder } from './open-folder.ts';
import { namePart } from './part-name.ts';

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
  #file: IncomingFile | null = null;
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
      file.updateHash(frame);
      file.skip(length);
      this.#bytes += length;
    });
  }

  dataHead(head: Buffer): void {
    this.#file?.updateHash(head);
  }

  data(piece: Buffer): void {
    this.#write((file) => {
      file.write(piece);
      this.#bytes += piece.length;
    });
  }

  /** @returns whether a file is whole by that. */
  end(sha256: Buffer): boolean {
    const file = this.#file;
    if (file === null) return false;
    try {
      file.complete(sha256, this.#rules);
      this.#file = null;
      this.#files++;
      return true;
    } catch (error) {
      this.#dropFile(false);
      this.#tell(file.entry, error);
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
    const path = joinPath(folder, name);
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
    const part = joinPath(folder, namePart(name));
    removeFile(part);
    symlinkSync(entry.link, part);
    if (this.#rules.preserve) {
      const time = toSeconds(entry.mtimeNs);
      lutimesSync(part, time, time);
    }
    renamePart(part, joinPath(folder, name));
    this.#files++;
  }

  /** @throws when a part of the way to the other name is not a folder of this tree. */
  #link(entry: CopyEntry, folder: Buffer, name: Buffer): void {
    const other = this.#findOther(entry.link);
    const part = joinPath(folder, namePart(name));
    removeFile(part);
    linkSync(other, part);
    renamePart(part, joinPath(folder, name));
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
      path = joinPath(path, name);
    }
    if (!lstatSync(path).isFile()) throw new Error('the file that it is another name of is missing');
    return path;
  }

  #openFile(entry: CopyEntry, folder: Buffer, name: Buffer): void {
    this.#file = new IncomingFile(entry, folder, name);
    this.#bytes += entry.start;
  }

  #write(write: (file: IncomingFile) => void): void {
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
    const file = this.#file;
    this.#file = null;
    file?.drop(isKept);
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

function describe({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EISDIR' || code === 'ENOTEMPTY') return 'a folder has its name here';
  if (code === 'ENAMETOOLONG') return 'its name is too long for this file system';
  return message;
}
