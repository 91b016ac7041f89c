// `npm run images`: builds the images, for the test cluster or to be published.
import { parseArgs } from 'node:util';
import { valid } from 'semver';
import packageJSON from '../package.json' with { type: 'json' };
import { writeAgentBundle } from './agent-bundle.ts';
import { buildBundles, buildImages, buildPlatform, type BuiltImages } from './build.ts';
import { getNativePlatform, imagePlatforms, type ImagePlatform } from './image-platform.ts';
import { pushImages, type PushOptions } from './image-push.ts';
import { readProvenance } from './provenance.ts';

const usage = `usage: npm run images -- [--platform linux/amd64|linux/arm64]... [--version VERSION]
         [--push REPOSITORY [--insecure-registry]]`;

try {
  const { values } = parseArgs({
    options: {
      platform: { type: 'string', multiple: true },
      version: { type: 'string' },
      push: { type: 'string' },
      'insecure-registry': { type: 'boolean', default: false },
    },
  });
  const { push, platform, version } = values;
  if (push !== undefined && !/^[^\s/@]+(\/[a-z0-9._-]+)*$/.test(push))
    throw new Error(`"${push}" is no place in a registry\n${usage}`);
  // Read first: a build takes minutes, and is in vain without it.
  const provenance = push === undefined ? null : await readProvenance(version ?? packageJSON.version);
  const forCheckout = push === undefined && platform === undefined && version === undefined;
  const built = forCheckout ? [await buildImages()] : await buildPlatforms(platform ?? [], version);
  if (push === undefined || provenance === null) printReferences(built);
  else await publish(built, push, { provenance, insecure: values['insecure-registry'] });
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Leaves the checkout's plugin and the test cluster as they are: what is published is not what is tested there. */
async function buildPlatforms(names: string[], version?: string): Promise<BuiltImages[]> {
  if (version !== undefined && valid(version) !== version)
    throw new Error(`"${version}" is no version\n${usage}`);
  const wanted = names.length === 0 ? [getNativePlatform()] : [...new Set(names)].map(findPlatform);
  await buildBundles();
  if (version !== undefined && version !== packageJSON.version) await writeAgentBundle(version);
  const built: BuiltImages[] = [];
  for (const platform of wanted) built.push(await buildPlatform(platform));
  return built;
}

function findPlatform(name: string): ImagePlatform {
  const platform = imagePlatforms.find((known) => known.name === name);
  if (platform === undefined) throw new Error(`"${name}" is no platform of the images\n${usage}`);
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
