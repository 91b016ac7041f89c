// `npm run release -- VERSION`: everything that is published of a version, in dist/release.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { valid } from 'semver';
import { namePlatform, platforms } from '../images/machine/node-platforms.ts';
import { makeRelease } from './release.ts';

const usage = `usage: npm run release -- VERSION [--image REPOSITORY@sha256:DIGEST]
         [--platform linux_amd64]... [--base-url URL]`;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      image: { type: 'string' },
      platform: { type: 'string', multiple: true },
      'base-url': { type: 'string', default: 'https://crashcart.dev/releases' },
    },
  });
  const version = valid(positionals[0]);
  if (version === null || positionals.length !== 1)
    throw new Error(`give one version, such as 1.2.3\n${usage}`);
  const { image } = values;
  // A tag can be moved, and what a release was tested with is one image.
  if (image !== undefined && !/^[^\s@]+@sha256:[0-9a-f]{64}$/.test(image))
    throw new Error(`--image ${image} has no digest: a tag can be moved\n${usage}`);
  const wanted = values.platform ?? platforms.map(namePlatform);
  const unknown = wanted.find((name) => !platforms.map(namePlatform).includes(name));
  if (unknown !== undefined)
    throw new Error(
      `there is no release for "${unknown}": the platforms are ${platforms.map(namePlatform).join(', ')}\n${usage}`,
    );
  const directory = join(import.meta.dirname, '../dist/release');
  await makeRelease({
    version,
    ...(image === undefined ? {} : { agentImage: image }),
    directory,
    baseURL: values['base-url'].replace(/\/+$/, ''),
    platforms: platforms.filter((platform) => wanted.includes(namePlatform(platform))),
    onProgress: (line) => process.stdout.write(`${line}\n`),
  });
  process.stdout.write(`${directory}\n`);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
