import { copyFile, link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildBaseTar } from '../../images/base-image.ts';
import { buildOnce, hashInputs } from '../../images/machine/build-cache.ts';
import { buildImage } from '../cluster/image-build.ts';
import { installPackages } from '../../images/machine/install-packages.ts';
import { runCommand } from '../../images/machine/run-command.ts';
import { buildRuntimeImages } from './runtime-images.ts';

const sources = join(import.meta.dirname, 'images');
const builder = join(import.meta.dirname, '../cluster/image-build.ts');
const packages = ['gcc', 'libc6-dev', 'musl-tools', 'busybox-static', 'buildah'];

/** The images of the small servers; `prepare` puts what the Dockerfile copies into its context. */
const images: { name: string; prepare: (context: string) => Promise<void> }[] = [
  { name: 'distroless', prepare: (context) => compile('gcc', join(context, 'server-static'), '-static') },
  { name: 'musl', prepare: prepareMusl },
  { name: 'debian', prepare: prepareDebian },
];

/**
 * Builds the images of all targets, or finds them in the cache.
 * @returns the paths of the archives; the images are called crashcart.test/NAME:1.
 */
export async function buildTargetImages(): Promise<string[]> {
  return [...(await buildServerImages()), ...(await buildRuntimeImages())];
}

async function buildServerImages(): Promise<string[]> {
  await installPackages(packages);
  const base = await buildBaseTar();
  const archives: string[] = [];
  for (const { name, prepare } of images) {
    const dockerfile = join(sources, `${name}.Dockerfile`);
    const inputs = [{ file: join(sources, 'server.c') }, { file: dockerfile }, { file: builder }];
    const key = await hashInputs([name === 'debian' ? base : '', ...inputs]);
    const directory = await buildOnce(`target-${name}`, key, async (unfinished) => {
      await prepare(unfinished);
      const archive = join(unfinished, `${name}.tar`);
      await buildImage({ context: unfinished, name: `crashcart.test/${name}:1`, archive, dockerfile });
      await rm(join(unfinished, 'base.tar'), { force: true });
    });
    archives.push(join(directory, `${name}.tar`));
  }
  return archives;
}

async function prepareMusl(context: string): Promise<void> {
  await compile('musl-gcc', join(context, 'server-musl'));
  await copyFile('/bin/busybox', join(context, 'busybox'));
  await copyFile('/lib/ld-musl-x86_64.so.1', join(context, 'ld-musl.so'));
}

async function prepareDebian(context: string): Promise<void> {
  await compile('gcc', join(context, 'server-glibc'));
  // Both are in the cache, thus on one file system.
  await link(await buildBaseTar(), join(context, 'base.tar'));
}

async function compile(compiler: string, output: string, ...flags: string[]): Promise<void> {
  await runCommand(compiler, ['-O1', '-g', '-Wall', ...flags, '-o', output, join(sources, 'server.c')]);
}
