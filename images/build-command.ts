import { parseArgs } from 'node:util';
import { valid } from 'semver';
import packageJSON from '../package.json' with { type: 'json' };
import { buildAgentBundle, buildBundles, buildImages, buildPlatform, type BuiltImages } from './build.ts';
import { getNativePlatform, imagePlatforms, type ImagePlatform } from './image-platform.ts';
import { pushImages, type PushOptions } from './image-push.ts';
import { readProvenance } from './provenance.ts';

const usage = `usage: npm run images -- [--platform linux/amd64|linux/arm64]... [--version VERSION]
         [--push REPOSITORY [--insecure-registry]]`;

/**
 * Builds the images, for this checkout or to be published, and prints their references.
 * @returns the checkout's images; null when the options asked for others, which the test cluster must not load: it
 *   tests the checkout.
 * @throws Error when an option is wrong, or a build or a push fails.
 */
export async function runBuildCommand(args: string[]): Promise<BuiltImages | null> {
  const { values } = parseArgs({
    args,
    options: {
      platform: { type: 'string', multiple: true },
      version: { type: 'string' },
      push: { type: 'string' },
      'insecure-registry': { type: 'boolean', default: false },
    },
  });
  const { push, platform, version } = values;
  if (push !== undefined && !/^[^\s/@]+(\/[a-z0-9._-]+)*$/.test(push))
    throw new Error(`"${push}" is not a repository of a registry\n${usage}`);
  if (push === undefined && platform === undefined && version === undefined) {
    const images = await buildImages();
    printReferences([images]);
    return images;
  }
  // Read before the build: it takes minutes, and its images can't be pushed without this.
  const provenance = push === undefined ? null : await readProvenance(version ?? packageJSON.version);
  const built = await buildPlatforms(platform ?? [], version);
  if (push === undefined || provenance === null) printReferences(built);
  else await publish(built, push, { provenance, insecure: values['insecure-registry'] });
  return null;
}

async function buildPlatforms(names: string[], version?: string): Promise<BuiltImages[]> {
  if (version !== undefined && valid(version) !== version)
    throw new Error(`"${version}" is not a version\n${usage}`);
  const wanted = names.length === 0 ? [getNativePlatform()] : [...new Set(names)].map(findPlatform);
  await buildBundles();
  if (version !== undefined && version !== packageJSON.version) await buildAgentBundle(version);
  const built: BuiltImages[] = [];
  for (const platform of wanted) built.push(await buildPlatform(platform));
  return built;
}

function findPlatform(name: string): ImagePlatform {
  const platform = imagePlatforms.find((known) => known.name === name);
  if (platform === undefined)
    throw new Error(
      `there are no images for "${name}": the platforms are ${imagePlatforms.map((known) => known.name).join(', ')}\n${usage}`,
    );
  return platform;
}

function printReferences(built: BuiltImages[]): void {
  for (const { toolbox, agent } of built) process.stdout.write(`${toolbox.reference}\n${agent.reference}\n`);
}

async function publish(built: BuiltImages[], repository: string, options: PushOptions): Promise<void> {
  for (const name of ['toolbox', 'agent'] as const) {
    const images = built.map((ofPlatform) => ofPlatform[name]);
    const destination = `${repository}/${name}:${options.provenance.version}`;
    process.stdout.write(`${await pushImages(images, destination, options)}\n`);
  }
}
