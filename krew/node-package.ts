import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { buildOnce, hashInputs } from '../images/build-cache.ts';
import { runCommand } from '../e2e/cluster/run-command.ts';
import type { NodePackage } from './platforms.ts';

/** What a release takes from a package of Node. */
export interface NodeFiles {
  binary: Buffer;
  /** The licences of Node and of what is built into it; null: the package has none. */
  license: Buffer | null;
}

const downloadLimitMs = 5 * 60_000;

/**
 * Gets a package of Node, from the cache or the registry.
 * @throws when it is not the one that was looked at, or has no binary.
 */
export async function readNodePackage(node: NodePackage): Promise<NodeFiles> {
  const tarball = await fetchTarball(node);
  const hash = createHash('sha512').update(await readFile(tarball));
  if (`sha512-${hash.digest('base64')}` !== node.integrity) {
    throw new Error(`${node.name}@${node.version} is not the package that was looked at: ${tarball}`);
  }
  const found = new Map<string, Buffer>();
  const entries = createReadStream(tarball).pipe(createGunzip()).pipe(extract());
  for await (const entry of entries) {
    const name = entry.header.name.replace(/^package\//, '');
    if (/^(bin\/node(\.exe)?|LICENSE)$/.test(name)) found.set(name, await buffer(entry));
    else entry.resume();
  }
  const binary = found.get('bin/node') ?? found.get('bin/node.exe');
  if (binary === undefined) throw new Error(`${node.name}@${node.version} has no binary`);
  return { binary, license: found.get('LICENSE') ?? null };
}

async function fetchTarball(node: NodePackage): Promise<string> {
  const key = await hashInputs([node.name, node.version, node.integrity]);
  const folder = await buildOnce('node-package', key, async (directory) => {
    const args = ['pack', `${node.name}@${node.version}`, '--silent', '--pack-destination', directory];
    const packed = await runCommand('npm', args, { timeoutMs: downloadLimitMs });
    await rename(join(directory, packed.trim().split('\n').at(-1) ?? ''), join(directory, 'package.tgz'));
  });
  return join(folder, 'package.tgz');
}
