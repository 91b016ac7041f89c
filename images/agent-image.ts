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
} from './image-storage.ts';
import { makeToolbox, type Base } from './toolbox-image.ts';

const repository = 'crashcart.dev/agent';
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
    await importBase(base.reference, base.tar);
    // The cache may outlive the storage.
    if (!(await hasImage(toolbox.reference))) await makeToolbox(toolbox.reference, base);
    await buildImage({
      reference,
      dockerfile: join(folder, 'Dockerfile'),
      context: checkout,
      ignoreFile: join(folder, 'Dockerfile.dockerignore'),
      buildArguments: {
        BASE: base.reference,
        TOOLBOX: toolbox.reference,
        VERSION: packageJSON.version,
      },
    });
    if ((await hashAgent(toolbox)) !== key)
      throw new Error('the agent was changed while its image was built');
    await exportImage({ reference, archive: join(unfinished, 'image.tar') });
    await pruneImages(repository, 2);
  });
  await pruneCache('agent-image', 2);
  return { reference, archive: join(directory, 'image.tar') };
}

async function hashAgent(toolbox: BuiltImage): Promise<string> {
  return hashInputs([
    toolbox.reference,
    { file: folder },
    { file: join(checkout, 'dist/agent/agent.mjs') },
    await readPackageVersion('node'),
    await readPackageVersion('@lydell/node-pty'),
  ]);
}

async function readPackageVersion(name: string): Promise<string> {
  const text = await readFile(join(checkout, 'node_modules', name, 'package.json'), 'utf8');
  return `${name} ${z.object({ version: z.string() }).parse(JSON.parse(text)).version}`;
}
