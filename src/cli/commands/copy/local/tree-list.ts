import { lstatSync, readdirSync, readlinkSync, statSync, type BigIntStats } from 'node:fs';
import { sep } from 'node:path';
import { joinPath } from './byte-path.ts';
import { createFilter, type NamePatterns } from './name-filter.ts';

/** A file of the user's machine that is to be copied. */
export interface LocalFile {
  /** Where it is. */
  place: Buffer;
  /** Below the source, with the source's name first. */
  path: Buffer;
  status: BigIntStats;
  /** What a symbolic link says; else empty. */
  link: Buffer;
}

/** Says that a file is left out, or can't be read. */
export type TellFile = (path: Buffer, reason: string, isNote: boolean) => void;

/**
 * Lists a tree, each folder before its content, names in their order. Links are listed as links, but for the source itself.
 * What is neither file, folder nor link is told, and left out; what can't be read is told.
 * @throws the error of the file system when there is no source.
 */
export function* listTree(
  source: string,
  name: string,
  patterns: NamePatterns,
  tell: TellFile,
): Generator<LocalFile> {
  const takes = createFilter(patterns);
  const top = Buffer.from(source);
  const first = statSync(top, { bigint: true });
  yield* listBelow({ place: top, path: Buffer.from(name), status: first, link: Buffer.alloc(0) });

  function* listBelow(file: LocalFile): Generator<LocalFile> {
    const { place, path, status } = file;
    if (!status.isFile() && !status.isDirectory() && !status.isSymbolicLink())
      return tell(path, 'it is not a file, and is left out', true);
    yield file;
    if (!status.isDirectory()) return;
    let names: Buffer[];
    try {
      names = readdirSync(place, { encoding: 'buffer' });
    } catch (error) {
      return tell(path, (error as Error).message, false);
    }
    for (const one of names.toSorted((left, right) => left.compare(right))) {
      const below = { place: joinPath(place, one), path: joinPath(path, one) };
      try {
        const found = lstatSync(below.place, { bigint: true });
        if (!takes(below.path.subarray(Buffer.byteLength(name) + 1).toString(), found.isDirectory()))
          continue;
        const link = found.isSymbolicLink() ? readLink(below.place) : Buffer.alloc(0);
        yield* listBelow({ ...below, status: found, link });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
        tell(below.path, (error as Error).message, false);
      }
    }
  }
}

/** As the target writes it: on Windows a link may have backslashes. */
function readLink(place: Buffer): Buffer {
  const link = readlinkSync(place, { encoding: 'buffer' });
  return sep === '/' ? link : Buffer.from(link.toString().replaceAll('\\', '/'));
}
