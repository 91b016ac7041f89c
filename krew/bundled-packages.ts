import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** A package with code in the plugin. */
export interface BundledPackage {
  name: string;
  version: string;
  /** SPDX expression. */
  license: string;
  /** Its licence and notices, as they stand in its files. */
  texts: string[];
}

const descriptionSchema = z.object({ name: z.string(), version: z.string(), license: z.string() });
const licenceFile = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

/**
 * Finds the packages that bundled files belong to, in the order of their names.
 * @param inputs paths from the checkout.
 * @throws Error when one of them does not name its licence.
 */
export async function listBundledPackages(checkout: string, inputs: string[]): Promise<BundledPackage[]> {
  const folders = inputs.map(findPackageFolder).filter((folder) => folder !== null);
  const packages = await Promise.all(
    [...new Set(folders)].map((folder) => readPackage(join(checkout, folder))),
  );
  const byIdentity = new Map(packages.map((found) => [`${found.name}@${found.version}`, found]));
  return [...byIdentity].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, found]) => found);
}

/** `node_modules/a/node_modules/@b/c` of a file in it; null for our own. */
function findPackageFolder(path: string): string | null {
  return /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? null;
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const description: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { data, error } = descriptionSchema.safeParse(description);
  if (error) throw new Error(`${folder}/package.json lacks a name, a version or a license: ${error.message}`);
  const names = (await readdir(folder)).filter((name) => licenceFile.test(name)).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return { ...data, texts: texts.map((text) => text.replaceAll('\r\n', '\n').trim()) };
}
