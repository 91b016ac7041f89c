import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FilePart, WholeFile } from '../../../../copy-stream/copy-messages.ts';
import type { Destination } from './destination-place.ts';
import { namePart, readPartName } from './part-name.ts';
import { listTree, type LocalFile } from './tree-list.ts';

/** What the sender is told of files that are here already, by path: a whole file, and the part of one. */
export type LocalRemainder = Record<string, [whole: WholeFile | null, part: FilePart | null]>;

/**
 * Finds what earlier copies have left at a destination.
 * @param top what the source is called: the first part of each path.
 * @throws errors of the file system.
 */
export async function findRemainder(
  { path, isFolder }: Destination,
  top: string | null,
): Promise<LocalRemainder> {
  const whole = resolve(path);
  const remainder: LocalRemainder = {};
  const found = statSync(whole, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) {
    for (const file of listTree(whole, '', { include: [], exclude: [] }, () => undefined)) {
      const below = file.path.subarray(1);
      // A source that is a folder has its content in it; one that is a file, or one of several, its name.
      if (!isFolder && top !== null)
        await add(remainder, file, Buffer.concat([Buffer.from(`${top}/`), below]));
      await add(remainder, file, below);
    }
    return remainder;
  }
  if (top === null) return remainder;
  const names = [Buffer.from(basename(whole)), namePart(Buffer.from(basename(whole)))];
  for (const [index, name] of names.entries()) {
    const place = join(dirname(whole), name.toString());
    const status = statSync(place, { bigint: true, throwIfNoEntry: false });
    if (status === undefined) continue;
    const file = { place: Buffer.from(place), path: name, status, link: Buffer.alloc(0) };
    await add(remainder, file, index === 0 ? Buffer.from(top) : namePart(Buffer.from(top)));
  }
  return remainder;
}

async function add(remainder: LocalRemainder, { place, status }: LocalFile, path: Buffer): Promise<void> {
  // A path that is not text has no place in JSON: its file is copied anew.
  if (!status.isFile() || !Buffer.from(path.toString()).equals(path)) return;
  const slash = path.lastIndexOf('/');
  const name = readPartName(path.subarray(slash + 1));
  const size = Number(status.size);
  if (name === null) {
    const text = path.toString();
    remainder[text] = [{ size, mtimeNs: String(status.mtimeNs) }, remainder[text]?.[1] ?? null];
    return;
  }
  const text = Buffer.concat([path.subarray(0, slash + 1), name]).toString();
  remainder[text] = [remainder[text]?.[0] ?? null, { size, sha256: await hashFile(place) }];
}

async function hashFile(place: Buffer): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(place), hash);
  return hash.digest('hex');
}
