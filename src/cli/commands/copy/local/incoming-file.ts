import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  openSync,
  renameSync,
  unlinkSync,
  writevSync,
} from 'node:fs';
import type { CopyEntry } from '../../../../copy-stream/copy-entry.ts';
import { joinPath } from './byte-path.ts';
import { toSeconds } from './file-time.ts';
import type { FolderRules } from './open-folder.ts';
import { namePart } from './part-name.ts';

/** Pieces come in 16 to 64 KiB; fewer, larger writes are cheaper. */
const flushBytes = 256 * 1024;

/** A file whose content is coming. It has another name until the content is whole and its hash is right. */
export class IncomingFile {
  readonly entry: CopyEntry;
  readonly #part: Buffer;
  readonly #path: Buffer;
  readonly #descriptor: number;
  readonly #hash = createHash('sha256');
  #position: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #isOpen = true;

  /**
   * @param entry begins in the middle, when an earlier copy has left the first part.
   * @throws Error when that part was changed; errors of the file system.
   */
  constructor(entry: CopyEntry, folder: Buffer, name: Buffer) {
    this.entry = entry;
    this.#path = joinPath(folder, name);
    this.#part = joinPath(folder, namePart(name));
    this.#position = entry.start;
    const isNew = entry.start === 0;
    if (isNew) removeFile(this.#part);
    // O_NOFOLLOW is not there on Windows.
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;
    this.#descriptor = openSync(this.#part, O_WRONLY | O_NOFOLLOW | (isNew ? O_CREAT | O_EXCL : 0), 0o600);
    const status = fstatSync(this.#descriptor);
    if (isNew || (status.isFile() && status.size === entry.start)) return;
    this.drop(true);
    throw new Error('what an earlier copy has left of it was changed');
  }

  /** Adds to what the hash is of. */
  updateHash(bytes: Buffer): void {
    this.#hash.update(bytes);
  }

  /** @throws errors of the file system. */
  write(piece: Buffer): void {
    this.#hash.update(piece);
    this.#pending.push(piece);
    this.#pendingBytes += piece.length;
    if (this.#pendingBytes >= flushBytes) this.#flush();
  }

  /** Leaves a hole. @throws errors of the file system. */
  skip(bytes: number): void {
    this.#flush();
    this.#position += bytes;
  }

  /** Gives the file its name. @throws Error when the hash is another one; errors of the file system. */
  complete(sha256: Buffer, rules: FolderRules): void {
    this.#flush();
    if (!this.#hash.digest().equals(sha256)) throw new Error('other bytes came than were sent');
    ftruncateSync(this.#descriptor, this.#position);
    this.#setAttributes(rules);
    this.#close();
    renamePart(this.#part, this.#path);
  }

  /** @param isKept whether another copy is to go on with what has come. @throws errors of the file system. */
  drop(isKept: boolean): void {
    try {
      if (isKept) this.#flush();
    } finally {
      this.#close();
      if (!isKept) removeFile(this.#part);
    }
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
  }

  #setAttributes({ preserve, setsOwner, fileMode }: FolderRules): void {
    const { mode, uid, gid, mtimeNs } = this.entry;
    const descriptor = this.#descriptor;
    if (!preserve) return fchmodSync(descriptor, fileMode);
    if (setsOwner) fchownSync(descriptor, uid, gid);
    // Without set-user-ID, set-group-ID and the sticky bit: the target could make a program of another user's here.
    fchmodSync(descriptor, mode & 0o777);
    const time = toSeconds(mtimeNs);
    futimesSync(descriptor, time, time);
  }

  #flush(): void {
    let waiting = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    while (waiting.length > 0) {
      const written = writevSync(this.#descriptor, waiting, this.#position);
      this.#position += written;
      waiting = skipBytes(waiting, written);
    }
  }
}

/** Gives what is whole its name. @throws errors of the file system; the part is gone then, too. */
export function renamePart(part: Buffer, path: Buffer): void {
  try {
    renameSync(part, path);
  } catch (error) {
    removeFile(part);
    throw error;
  }
}

/** Removes a file or a link; one that is not there, or stays, is for the next step to tell. */
export function removeFile(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch {
    // Told by what comes next.
  }
}

/** @returns what is left of buffers after some bytes. */
function skipBytes(buffers: Buffer[], bytes: number): Buffer[] {
  let rest = bytes;
  const index = buffers.findIndex(({ length }) => {
    if (rest < length) return true;
    rest -= length;
    return false;
  });
  const first = buffers[index];
  return first === undefined ? [] : [first.subarray(rest), ...buffers.slice(index + 1)];
}
