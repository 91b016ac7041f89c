import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import packageJSON from '../package.json' with { type: 'json' };
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
import { makeToolbox, type Base } from './toolbox-image.ts';

const repository = 'crashcart.dev/agent';
const runtimeRepository = 'crashcart.dev/agent-runtime';
const checkout = join(import.meta.dirname, '..');
const folder = join(import.meta.dirname, 'agent');

/**
 * Builds the agent's image, or finds it in the cache; the agent's bundle has to be there.
 * @throws when the bundle is changed meanwhile, as the image would then stand under a wrong key.
 */
export async function buildAgent(base: Base, toolbox: BuiltImage): Promise<BuiltImage> {
  const key = await hashAgent(toolbox);
  const reference = `${repository}:${key}`;
  const directory = await buildOnce('agent-image', key, async (unfinished) => {
    process.stderr.write(`building ${reference}\n`);
    await installBuilder();
    await buildImage(describeBuild(reference, null, { RUNTIME: await buildRuntime(base, toolbox) }));
    if ((await hashAgent(toolbox)) !== key)
      throw new Error('the agent was changed while its image was built');
    await exportImage({ reference, archive: join(unfinished, 'image.tar') });
    await pruneImages(repository, 2);
  });
  await pruneCache('agent-image', 2);
  return { reference, archive: join(directory, 'image.tar') };
}

/** Builds all of the agent's image that does not change with the agent: most of its size and time. */
async function buildRuntime(base: Base, toolbox: BuiltImage): Promise<string> {
  const dockerfile = await readFile(join(folder, 'Dockerfile'), 'utf8');
  const key = await hashInputs([
    toolbox.reference,
    dockerfile,
    { file: join(folder, 'session-init.c') },
    await readPackageVersion('node'),
  ]);
  const reference = `${runtimeRepository}:${key}`;
  if (await hasImage(reference)) return reference;
  await importBase(base.reference, base.tar);
  // The cache may outlive the storage.
  if (!(await hasImage(toolbox.reference))) await makeToolbox(toolbox.reference, base);
  const buildArguments = { BASE: base.reference, TOOLBOX: toolbox.reference };
  await buildImage(describeBuild(reference, 'runtime', buildArguments));
  await pruneImages(runtimeRepository, 2);
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
    context: checkout,
    ignoreFile: join(folder, 'Dockerfile.dockerignore'),
  };
}

async function hashAgent(toolbox: BuiltImage): Promise<string> {
  return hashInputs([
    toolbox.reference,
    { file: folder },
    { file: join(checkout, 'dist/agent/agent.cjs') },
    await readPackageVersion('node'),
    await readPackageVersion('@lydell/node-pty'),
  ]);
}

async function readPackageVersion(name: string): Promise<string> {
  const text = await readFile(join(checkout, 'node_modules', name, 'package.json'), 'utf8');
  return `${name} ${z.object({ version: z.string() }).parse(JSON.parse(text)).version}`;
}
