import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writeArchive } from './archive.ts';
import { formatBillOfMaterials } from './bill-of-materials.ts';
import { listBundledPackages } from './bundled-packages.ts';
import type { ReleaseIdentity } from '../esbuild.config.ts';
import { formatManifest, type ManifestArchive } from './manifest.ts';
import { gatherNpmPackage } from './npm-package.ts';
import { namePlatform, type Platform } from '../images/machine/node-platforms.ts';
import { bundlePlugin } from './plugin-bundle.ts';
import { gatherEntries } from './release-entries.ts';

const checkout = join(import.meta.dirname, '..');

export interface ReleaseOptions extends ReleaseIdentity {
  platforms: Platform[];
  /** Where it will be published: archives are at `BASE/vVERSION/NAME`. */
  baseURL: string;
  /** Emptied first: it holds the release and nothing else. */
  directory: string;
  onProgress: (line: string) => void;
}

/** An archive of a release. */
export interface ReleasedArchive extends ManifestArchive {
  platform: Platform;
  bytes: number;
}

/**
 * Makes a release: the archives, the npm package, the bill of materials, krew's manifest, and checksums of all.
 * @returns the archives in the order of the platforms.
 * @throws Error when a part can't be downloaded or built; the parts that are finished stay.
 */
export async function makeRelease(options: ReleaseOptions): Promise<ReleasedArchive[]> {
  const { version, agentImage, platforms, directory, onProgress } = options;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const bundle = await bundlePlugin({ version, ...(agentImage === undefined ? {} : { agentImage }) });
  const packages = await listBundledPackages(checkout, bundle.inputs);
  const archives: ReleasedArchive[] = [];
  // One after the other: each is 150 MB in memory, and takes a core.
  for (const platform of platforms) {
    const name = `kubectl-crashcart_v${version}_${namePlatform(platform)}.tar.gz`;
    const file = join(directory, name);
    await writeArchive(file, await gatherEntries(platform, bundle, packages));
    const archive = { platform, name, bytes: (await stat(file)).size, sha256: await hashFile(file) };
    onProgress(`${archive.sha256}  ${name}  ${(archive.bytes / 1e6).toFixed(1)} MB`);
    archives.push(archive);
  }
  const npmPackage = await gatherNpmPackage(version, bundle, packages);
  await writeArchive(join(directory, `kubectl-crashcart-${version}.tgz`), npmPackage);
  const template = await readFile(join(import.meta.dirname, 'crashcart.yaml.template'), 'utf8');
  const manifest = formatManifest(template, version, options.baseURL, archives);
  await writeFile(join(directory, 'crashcart.yaml'), manifest);
  const nodePackages = platforms.map(({ node }) => node);
  const bom = formatBillOfMaterials(version, packages, nodePackages);
  await writeFile(join(directory, `kubectl-crashcart_v${version}.cdx.json`), bom);
  await writeChecksums(directory);
  return archives;
}

async function writeChecksums(directory: string): Promise<void> {
  let lines = '';
  for (const name of (await readdir(directory)).toSorted())
    lines += `${await hashFile(join(directory, name))}  ${name}\n`;
  await writeFile(join(directory, 'checksums.txt'), lines);
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
