import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { buildOnce, hashInputs } from './build-cache.ts';
import { runCommand } from './run-command.ts';

/** A package of npm, pinned by its contents. */
export interface PinnedPackage {
  name: string;
  version: string;
  /** Of its tarball: whatever registry serves it, a release has the contents that were reviewed. */
  integrity: string;
}

const downloadLimitMs = 5 * 60_000;

/**
 * Gets files of an npm package, whatever platform it is for, from the cache or the registry.
 * @param wanted matches their paths in the package.
 * @throws Error when its contents are not the pinned ones.
 */
export async function readTarball(pinned: PinnedPackage, wanted: RegExp): Promise<Map<string, Buffer>> {
  const tarball = await fetchTarball(pinned);
  const hash = createHash('sha512').update(await readFile(tarball));
  if (`sha512-${hash.digest('base64')}` !== pinned.integrity) {
    throw new Error(`${pinned.name}@${pinned.version} does not have the pinned contents: ${tarball}`);
  }
  const found = new Map<string, Buffer>();
  const entries = createReadStream(tarball).pipe(createGunzip()).pipe(extract());
  for await (const entry of entries) {
    const name = entry.header.name.replace(/^package\//, '');
    if (wanted.test(name)) found.set(name, await buffer(entry));
    else entry.resume();
  }
  return found;
}

async function fetchTarball({ name, version, integrity }: PinnedPackage): Promise<string> {
  const key = await hashInputs([name, version, integrity]);
  const folder = await buildOnce('node-package', key, async (directory) => {
    const args = ['pack', `${name}@${version}`, '--silent', '--pack-destination', directory];
    const packed = await runCommand('npm', args, { timeoutMs: downloadLimitMs });
    await rename(join(directory, packed.trim().split('\n').at(-1) ?? ''), join(directory, 'package.tgz'));
  });
  return join(folder, 'package.tgz');
}
