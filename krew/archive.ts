import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { pack } from 'tar-stream';

/** A file of an archive. */
export interface ArchiveEntry {
  /** Path in the archive, with slashes. */
  name: string;
  content: Buffer | string;
  executable?: boolean;
}

/** As npm dates what it packs: the same for every build, and late enough for zip's calendar. */
const modifiedAt = new Date('1985-10-26T08:15:00Z');

/**
 * Writes a .tar.gz whose bytes depend on its entries alone: not on their order, on when it is made or by whom.
 * (gzip's own header has no time and no name in it.)
 */
export async function writeArchive(file: string, entries: ArchiveEntry[]): Promise<void> {
  const archive = pack();
  const names = entries.map(({ name }) => name);
  if (new Set(names).size < names.length)
    throw new Error(`two entries have the same name: ${names.join(', ')}`);
  for (const { name, content, executable } of entries.toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  )) {
    const header = { name, mode: executable ? 0o755 : 0o644, mtime: modifiedAt, uid: 0, gid: 0 };
    archive.entry(header, content);
  }
  archive.finalize();
  await pipeline(archive, createGzip({ level: constants.Z_BEST_COMPRESSION }), createWriteStream(file));
}
