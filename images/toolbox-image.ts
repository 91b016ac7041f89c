import { basename, dirname, join } from 'node:path';
import { buildBaseTar } from './base-image.ts';
import { buildOnce, hashInputs, pruneCache } from './machine/build-cache.ts';
import { nameVariant, type ImagePlatform } from './image-platform.ts';
import {
  buildImage,
  exportImage,
  hasImage,
  importBase,
  installBuilder,
  pruneImages,
  type BuiltImage,
  type ImageSource,
} from './image-storage.ts';

const repository = 'crashcart.dev/toolbox';
const packagesRepository = 'crashcart.dev/toolbox-packages';
const folder = join(import.meta.dirname, 'toolbox');
const source: ImageSource = { dockerfile: join(folder, 'Dockerfile'), context: folder, ignoreFile: null };

/** The root file system that the images are built on: its name, and the archive it is imported from. */
export interface Base {
  reference: string;
  key: string;
  tar: string;
  platform: ImagePlatform;
}

/** Prepares the base that both images of a platform are built on. */
export async function prepareBase(platform: ImagePlatform): Promise<Base> {
  const tar = await buildBaseTar(platform);
  // The folder's name has the key, and does not depend on where the cache is.
  const key = await hashInputs([basename(dirname(tar))]);
  return { reference: `crashcart.dev/base:${key}`, key, tar, platform };
}

/** Builds the toolbox's image, or finds it in the cache. */
export async function buildToolbox(base: Base): Promise<BuiltImage> {
  const { platform } = base;
  const key = await hashInputs([{ file: folder }, base.key]);
  const reference = `${nameVariant(repository, platform)}:${key}`;
  const name = nameVariant('toolbox-image', platform);
  const directory = await buildOnce(name, key, async (unfinished) => {
    await makeToolbox(reference, base);
    await exportImage({ reference, archive: join(unfinished, 'image.tar') });
  });
  await pruneCache(name, 2);
  return { reference, archive: join(directory, 'image.tar'), platform };
}

/** Builds the toolbox into the storage; stages that are there already are not built again. */
export async function makeToolbox(reference: string, base: Base): Promise<void> {
  const { platform } = base;
  process.stderr.write(`building ${reference}\n`);
  await installBuilder();
  await importBase(base.reference, base.tar, platform);
  const buildArguments = { PACKAGES: await buildPackages(base) };
  await buildImage(source, { reference, platform, buildArguments });
  await pruneImages(nameVariant(repository, platform), 2);
}

/** Builds everything of the toolbox except its own commands, which takes most of the time. */
async function buildPackages(base: Base): Promise<string> {
  const { platform } = base;
  const files = [
    'Dockerfile',
    'dpkg-excludes',
    'install-packages.sh',
    'trim-root.sh',
    'packages',
    'python-tools.txt',
  ];
  const key = await hashInputs([base.key, ...files.map((name) => ({ file: join(folder, name) }))]);
  const name = nameVariant(packagesRepository, platform);
  const reference = `${name}:${key}`;
  if (await hasImage(reference)) return reference;
  const buildArguments = { BASE: base.reference, ...readPipIndex() };
  await buildImage(source, { reference, platform, buildArguments, target: 'packages' });
  await pruneImages(name, 2);
  return reference;
}

/** This machine's pip may have a mirror of its own. */
function readPipIndex(): Record<string, string> {
  const index = process.env['PIP_INDEX_URL'];
  return index ? { PIP_INDEX_URL: index } : {};
}
