import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce, hashInputs, pruneCache } from './machine/build-cache.ts';
import { nameVariant } from './image-platform.ts';
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
import { gatherModules, readPackageVersion } from './node-modules.ts';
import { makeToolbox, type Base } from './toolbox-image.ts';

const repository = 'crashcart.dev/agent';
const runtimeRepository = 'crashcart.dev/agent-runtime';
const checkout = join(import.meta.dirname, '..');
const folder = join(import.meta.dirname, 'agent');
/** The programs in C: all of the image that is compiled. */
const programSources = [
  ...['session-init.c', 'session-init.h', 'session-root.c', 'session-command.c'],
  ...['catch-start.c', 'clone-node-mounts.c', 'mount-remains.c', 'read-target.c'],
];
const source: ImageSource = {
  dockerfile: join(folder, 'Dockerfile'),
  context: checkout,
  ignoreFile: join(folder, 'Dockerfile.dockerignore'),
};

/**
 * Builds the agent's image, or finds it in the cache; the agent's bundle has to be there.
 * @throws Error when the bundle changes during the build: the image would have a wrong key.
 */
export async function buildAgent(base: Base, toolbox: BuiltImage): Promise<BuiltImage> {
  const { platform } = base;
  const key = await hashAgent(toolbox);
  const reference = `${nameVariant(repository, platform)}:${key}`;
  const name = nameVariant('agent-image', platform);
  const directory = await buildOnce(name, key, async (unfinished) => {
    process.stderr.write(`building ${reference}\n`);
    await installBuilder();
    const modules = await gatherModules(platform);
    const runtime = await buildRuntime(base, toolbox, modules);
    const buildArguments = { RUNTIME: runtime, NODE_MODULES: modules };
    await buildImage(source, { reference, platform, buildArguments });
    if ((await hashAgent(toolbox)) !== key)
      throw new Error('the agent was changed while its image was built');
    await exportImage({ reference, archive: join(unfinished, 'image.tar') });
    await pruneImages(nameVariant(repository, platform), 2);
  });
  await pruneCache(name, 2);
  return { reference, archive: join(directory, 'image.tar'), platform };
}

/** Builds all of the agent's image that does not change with the agent: most of its size and time. */
async function buildRuntime(base: Base, toolbox: BuiltImage, modules: string): Promise<string> {
  const { platform } = base;
  const dockerfile = await readFile(source.dockerfile, 'utf8');
  const key = await hashInputs([
    toolbox.reference,
    dockerfile,
    ...programSources.map((name) => ({ file: join(folder, name) })),
    { file: join(folder, 'lay-root.sh') },
    await readPackageVersion('node'),
  ]);
  const name = nameVariant(runtimeRepository, platform);
  const reference = `${name}:${key}`;
  if (await hasImage(reference)) return reference;
  await importBase(base.reference, base.tar, platform);
  // The cache may outlive the storage.
  if (!(await hasImage(toolbox.reference))) await makeToolbox(toolbox.reference, base);
  const buildArguments = { BASE: base.reference, TOOLBOX: toolbox.reference, NODE_MODULES: modules };
  await buildImage(source, { reference, platform, buildArguments, target: 'runtime' });
  await pruneImages(name, 2);
  return reference;
}

async function hashAgent(toolbox: BuiltImage): Promise<string> {
  return hashInputs([
    toolbox.reference,
    { file: folder },
    { file: join(checkout, 'dist/agent') },
    await readPackageVersion('node'),
    await readPackageVersion('@lydell/node-pty'),
  ]);
}
