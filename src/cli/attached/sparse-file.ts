import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';

/** File systems keep holes in blocks of this size, or of a part of it. */
const blockBytes = 4096;
const zeros = Buffer.alloc(blockBytes);

/**
 * A new file, written from its beginning. Blocks of zeros are left out where the file system can have holes: a core dump
 * takes as much of the disk as the process has written of its memory.
 */
export class SparseFile extends Writable {
  readonly #file: FileHandle;
  #size = 0;

  private constructor(file: FileHandle) {
    super({ decodeStrings: true });
    this.#file = file;
  }

  /**
   * @param mode permissions of the file.
   * @throws errors of the file system; EEXIST when there is such a file, or a link of this name.
   */
  static async create(path: string, mode: number): Promise<SparseFile> {
    return new SparseFile(await open(path, 'wx', mode));
  }

  /** How much of the output the file has; holes count. */
  get bytesWritten(): number {
    return this.#size;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#append(chunk).then(() => callback(), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#complete().then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#file.close().then(
      () => callback(error),
      (closing: Error) => callback(error ?? closing),
    );
  }

  async #append(chunk: Buffer): Promise<void> {
    const start = this.#size;
    for (const [from, to] of findContent(chunk, start))
      await this.#writeAll(chunk.subarray(from, to), start + from);
    this.#size += chunk.length;
  }

  async #writeAll(data: Buffer, position: number): Promise<void> {
    for (let written = 0; written < data.length;) {
      const { bytesWritten } = await this.#file.write(
        data,
        written,
        data.length - written,
        position + written,
      );
      written += bytesWritten;
    }
  }

  /** The file ends where the output ended, even in a hole; and it is on the disk before it gets its name. */
  async #complete(): Promise<void> {
    await this.#file.truncate(this.#size);
    await this.#file.sync();
  }
}

/** @returns the parts of a chunk that are not only zeros, cut at the file's blocks. */
function findContent(chunk: Buffer, position: number): [from: number, to: number][] {
  const parts: [number, number][] = [];
  for (let from = 0, to = 0; from < chunk.length; from = to) {
    to = Math.min(chunk.length, from + blockBytes - ((position + from) % blockBytes));
    if (chunk.subarray(from, to).equals(zeros.subarray(0, to - from))) continue;
    const last = parts.at(-1);
    if (last?.[1] === from) last[1] = to;
    else parts.push([from, to]);
  }
  return parts;
}
