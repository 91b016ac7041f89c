import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where built things live: outside the checkout, so that a fresh clone finds them. */
export const cacheDirectory = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'kubectl-crashcart',
);

/**
 * Hashes what a build depends on.
 * @param inputs texts as they are; `{ file }` for a file's content, or a folder's, recursively.
 * @returns 16 hex digits.
 */
export async function hashInputs(inputs: (string | { file: string })[]): Promise<string> {
  const hash = createHash('sha256');
  for (const input of inputs) {
    if (typeof input === 'string') hash.update(`text ${input}\0`);
    else await hashPath(input.file, hash);
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Returns the folder `name-key` of the cache, built if it is not there yet.
 * @param build fills the empty folder that it is given; the result appears under its name only when
 *   that succeeds, so an interrupted build is never taken for a finished one.
 */
export async function buildOnce(
  name: string,
  key: string,
  build: (directory: string) => Promise<void>,
): Promise<string> {
  const finished = join(cacheDirectory, `${name}-${key}`);
  if (!existsSync(finished)) {
    const unfinished = `${finished}.unfinished-${process.pid}`;
    await mkdir(unfinished, { recursive: true });
    try {
      await build(unfinished);
      await rename(unfinished, finished);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      throw error;
    }
  }
  const now = new Date();
  await utimes(finished, now, now);
  return finished;
}

async function hashPath(path: string, hash: ReturnType<typeof createHash>): Promise<void> {
  const info = await stat(path);
  if (info.isDirectory()) {
    for (const entry of (await readdir(path)).toSorted()) {
      hash.update(`entry ${entry}\0`);
      await hashPath(join(path, entry), hash);
    }
  } else {
    hash.update(`file ${info.size} ${info.mode & 0o111 ? 'x' : '-'}\0`);
    hash.update(await readFile(path));
  }
}
