import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import packageJSON from '../package.json' with { type: 'json' };
import { buildBaseTar } from './base-image.ts';
import { buildOnce, hashInputs, pruneCache } from './build-cache.ts';
import {
  buildImage,
  exportImage,
  hasImage,
  importBase,
  installBuilder,
  pruneImages,
  type BuiltImage,
  type ImageBuild,
} from './image-storage.ts';
import { certificatesFile } from './package-sources.ts';

const repository = 'crashcart.dev/toolbox';
const packagesRepository = 'crashcart.dev/toolbox-packages';
const folder = join(import.meta.dirname, 'toolbox');

/** What the images are built upon: a name for it, and how to have it in the storage. */
export interface Base {
  reference: string;
  key: string;
  tar: string;
}

/** The base that both images are built upon. */
export async function prepareBase(): Promise<Base> {
  const tar = await buildBaseTar();
  // Its folder is named by its key, wherever the cache is.
  const key = await hashInputs([basename(dirname(tar))]);
  return { reference: `crashcart.dev/base:${key}`, key, tar };
}

/** Builds the toolbox's image, or finds it in the cache. */
export async function buildToolbox(base: Base): Promise<BuiltImage> {
  const key = await hashInputs([{ file: folder }, base.key]);
  const reference = `${repository}:${key}`;
  const directory = await buildOnce('toolbox-image', key, async (unfinished) => {
    await makeToolbox(reference, base);
    await exportImage({ reference, archive: join(unfinished, 'image.tar') });
  });
  await pruneCache('toolbox-image', 2);
  return { reference, archive: join(directory, 'image.tar') };
}

/** Builds the toolbox into the storage; what it has of it already is not built again. */
export async function makeToolbox(reference: string, base: Base): Promise<void> {
  process.stderr.write(`building ${reference}\n`);
  await installBuilder();
  await importBase(base.reference, base.tar);
  await buildImage(describeBuild(reference, null, { PACKAGES: await buildPackages(base) }));
  await pruneImages(repository, 2);
}

/** Builds all of the toolbox but its own commands: most of its time. */
async function buildPackages(base: Base): Promise<string> {
  const files = ['Dockerfile', 'dpkg-excludes', 'install-packages.sh', 'packages', 'python-tools.txt'];
  const key = await hashInputs([base.key, ...files.map((name) => ({ file: join(folder, name) }))]);
  const reference = `${packagesRepository}:${key}`;
  if (await hasImage(reference)) return reference;
  await buildImage(describeBuild(reference, 'packages', { BASE: base.reference, ...readPipIndex() }));
  await pruneImages(packagesRepository, 2);
  return reference;
}

function describeBuild(
  reference: string,
  target: string | null,
  buildArguments: Record<string, string>,
): ImageBuild {
  return {
    reference,
    target,
    buildArguments: { ...buildArguments, VERSION: packageJSON.version },
    dockerfile: join(folder, 'Dockerfile'),
    context: folder,
    ignoreFile: null,
    secrets: existsSync(certificatesFile) ? { certificates: certificatesFile } : {},
  };
}

/** This machine's pip may have a mirror of its own. */
function readPipIndex(): Record<string, string> {
  const index = process.env['PIP_INDEX_URL'];
  return index ? { PIP_INDEX_URL: index } : {};
}
