import { readFileSync, statSync } from 'node:fs';

/** What could be read only once, by the paths of all that was read; null for regular files. */
const read = new Map<string, Buffer | null>();

/**
 * Reads a file that the user names. A pipe, such as `<(command)`, is read once and kept: reading a pipe again would
 * wait for a writer for ever.
 * @throws what the file system says; an error when a file has become a pipe since it was read.
 */
export function readInputFile(path: string): Buffer {
  const kept = read.get(path);
  if (kept) return kept;
  const isRegular = statSync(path).isFile();
  if (kept === null && !isRegular) throw new Error(`${path} is no longer a file`);
  const content = readFileSync(path);
  read.set(path, isRegular ? null : content);
  return content;
}
