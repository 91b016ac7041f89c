import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder of everything that is built: outside the checkout, so that a fresh clone finds it. */
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
      // Another process was faster with the same.
      if (!existsSync(finished)) throw error;
    }
  }
  const now = new Date();
  await utimes(finished, now, now);
  return finished;
}

/**
 * Removes what was built under this name and used least recently, so that the disk does not fill.
 * @param keep how many results stay.
 */
export async function pruneCache(name: string, keep: number): Promise<void> {
  const found: { path: string; usedAt: number }[] = [];
  for (const entry of await readdir(cacheDirectory)) {
    const match = new RegExp(`^${name}-[0-9a-f]{16}(?:\\.unfinished-(?<builder>\\d+))?$`).exec(entry);
    if (match === null) continue;
    const path = join(cacheDirectory, entry);
    const builder = match.groups?.['builder'];
    if (builder === undefined) found.push({ path, usedAt: (await stat(path)).mtimeMs });
    // An interrupted build left it.
    else if (!existsSync(`/proc/${builder}`)) await rm(path, { recursive: true, force: true });
  }
  found.sort((one, other) => other.usedAt - one.usedAt);
  for (const { path } of found.slice(keep)) await rm(path, { recursive: true, force: true });
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
