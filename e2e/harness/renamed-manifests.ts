import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';

const folder = join(import.meta.dirname, '../../manifests');

/**
 * Reads files of manifests/ for another namespace of agents, so that they disturb no installed ones: `crashcart` is
 * called `name` in them, and each `crashcart-x` is `name-x`, groups and labels too.
 * @param files below manifests/.
 * @returns the objects in their order.
 */
export async function readRenamedManifests(name: string, files: string[]): Promise<object[]> {
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.flatMap((text) => loadAll(text)).map((document) => rename(document, name) as object);
}

function rename(value: unknown, name: string): unknown {
  if (typeof value === 'string') return value.replace(/^crashcart(?=$|-)/, name);
  if (Array.isArray(value)) return value.map((item) => rename(item, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, rename(field, name)]));
}
