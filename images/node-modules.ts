import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readNodePackage } from './machine/node-package.ts';
import { readTarball } from './machine/npm-tarball.ts';
import { platforms } from './machine/node-platforms.ts';
import { isForeign, type ImagePlatform } from './image-platform.ts';

const checkout = join(import.meta.dirname, '..');

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional() }),
  ),
});

/**
 * Gathers the packages that the agent's image takes: Node, node-pty and its native part. `npm ci` installs them for
 * this machine alone; for another platform they are what it would have installed there.
 * @returns their folder, from the root of the checkout.
 * @throws Error when one of them can't be downloaded or is not the pinned one.
 */
export async function gatherModules(platform: ImagePlatform): Promise<string> {
  if (!isForeign(platform)) return 'node_modules';
  const folder = `dist/linux-${platform.arch}/node_modules`;
  const modules = join(checkout, folder);
  await rm(modules, { recursive: true, force: true });
  const node = platforms.find(({ os, arch }) => os === 'linux' && arch === platform.arch)?.node;
  if (node === undefined) throw new Error(`there is no Node for ${platform.name}`);
  if (`node ${node.version}` !== (await readPackageVersion('node')))
    throw new Error(`the Node of releases is ${node.version}, but another version is installed here`);
  const { binary } = await readNodePackage(node);
  await mkdir(join(modules, 'node/bin'), { recursive: true });
  await writeFile(join(modules, 'node/bin/node'), binary, { mode: 0o755 });
  const wrapper = '@lydell/node-pty';
  await cp(join(checkout, 'node_modules', wrapper), join(modules, wrapper), { recursive: true });
  const native = `${wrapper}-linux-${platform.nodeArch}`;
  for (const [name, content] of await readTarball(await readLock(native), /./)) {
    const file = join(modules, native, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return folder;
}

/** @returns name and version of a package that is installed here, as a part of a key. */
export async function readPackageVersion(name: string): Promise<string> {
  const text = await readFile(join(checkout, 'node_modules', name, 'package.json'), 'utf8');
  return `${name} ${z.object({ version: z.string() }).parse(JSON.parse(text)).version}`;
}

async function readLock(name: string): Promise<{ name: string; version: string; integrity: string }> {
  const { packages } = lockSchema.parse(
    JSON.parse(await readFile(join(checkout, 'package-lock.json'), 'utf8')),
  );
  const { version, integrity } = packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json has no ${name}`);
  return { name, version, integrity };
}
