import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackages } from './machine/install-packages.ts';
import { runCommand } from './machine/run-command.ts';
import packageJSON from '../package.json' with { type: 'json' };
import { cacheDirectory } from './machine/build-cache.ts';
import { isForeign, prepareEmulator, type ImagePlatform } from './image-platform.ts';
import { writePackageSecrets } from './package-sources.ts';

/** An image that was built: its reference, and the docker archive that holds it. */
export interface BuiltImage {
  reference: string;
  archive: string;
  platform: ImagePlatform;
}

/** What an image is built from by buildah: no daemon, no registry. */
export interface ImageSource {
  dockerfile: string;
  context: string;
  /** Names the files of the context that are left out; null: none. */
  ignoreFile: string | null;
}

/** A build of a Dockerfile, or of the first stages of it. */
export interface ImageBuild {
  reference: string;
  platform: ImagePlatform;
  buildArguments: Record<string, string>;
  /** The stage to build; without: the last one. */
  target?: string;
}

// One storage for all builds: a changed agent is then one new layer on those that are there, here and on the nodes.
const storageDirectory = join(cacheDirectory, 'image-storage');
const runDirectory = join(tmpdir(), `kubectl-crashcart-image-storage-${process.getuid?.() ?? 0}`);

const limitMs = 8 * 60_000;
const emulatedLimitMs = 60 * 60_000;

/** Installs what builds images. */
export async function installBuilder(): Promise<void> {
  await installPackages(['buildah', 'util-linux']);
  await mkdir(storageDirectory, { recursive: true });
}

/** Makes a root file system an image, unless it is there already. */
export async function importBase(reference: string, tar: string, { arch }: ImagePlatform): Promise<void> {
  if (await hasImage(reference)) return;
  const script =
    'set -e; container=$(buildah from scratch); buildah add --quiet "$container" "$2" /; ' +
    'buildah config --arch "$3" "$container"; buildah commit --quiet --rm "$container" "$1"';
  await runWithStorage(script, [reference, tar, arch]);
}

/** Returns whether the storage holds an image. */
export async function hasImage(reference: string): Promise<boolean> {
  const found = await runWithStorage('buildah images --quiet --no-trunc "$1" 2>/dev/null || true', [
    reference,
  ]);
  return found.trim() !== '';
}

/** Builds an image into the storage; its steps reach packages as this machine does. */
export async function buildImage(source: ImageSource, build: ImageBuild): Promise<void> {
  const { dockerfile, context, ignoreFile } = source;
  const { reference, platform, buildArguments, target } = build;
  await prepareEmulator(platform);
  const secrets = await mkdtemp(join(tmpdir(), 'crashcart-secrets-'));
  try {
    const definitions = { ...buildArguments, VERSION: packageJSON.version };
    // Without a cache of layers: what is there already is known by its key, and that cache never matches a copied
    // toolbox.
    const args = [
      ...['--isolation', 'chroot', '--pull-never', '--layers=false', '--format', 'docker'],
      ...['--platform', platform.name],
      ...(ignoreFile === null ? [] : ['--ignorefile', ignoreFile]),
      ...(target === undefined ? [] : ['--target', target]),
      ...Object.entries(definitions).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
      ...Object.entries(await writePackageSecrets(secrets)).flatMap(([id, file]) => [
        '--secret',
        `id=${id},src=${file}`,
      ]),
      ...['--tag', reference, '--file', dockerfile, context],
    ];
    await runWithStorage('buildah bud "$@"', args, isForeign(platform) ? emulatedLimitMs : limitMs);
  } finally {
    await rm(secrets, { recursive: true });
  }
}

/** Writes an image of the storage into a docker archive. */
export async function exportImage({
  reference,
  archive,
}: Pick<BuiltImage, 'reference' | 'archive'>): Promise<void> {
  await runWithStorage('buildah push --quiet "$1" "docker-archive:$2:$1"', [reference, archive]);
}

/** Removes a repository's images except the newest ones, and layers that no image needs any longer. */
export async function pruneImages(repository: string, keep: number): Promise<void> {
  const format = '{{.CreatedAtRaw.Unix}} {{.Name}}:{{.Tag}}';
  const list = await runWithStorage('buildah images --format "$1"', [format]);
  const references = list
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, reference]) => reference?.startsWith(`${repository}:`))
    .toSorted(([one], [other]) => Number(other) - Number(one))
    .map(([, reference = '']) => reference);
  const old = references.slice(keep);
  if (old.length === 0) return;
  await runWithStorage('buildah rmi "$@" && buildah rmi --prune', old);
}

/**
 * Runs commands of buildah on the storage, alone.
 * @param script for sh; args are its $1, $2, …
 * @returns what it wrote to stdout.
 * @throws when it fails, or takes too long.
 */
export async function runWithStorage(script: string, args: string[], timeoutMs = limitMs): Promise<string> {
  const options = `--root '${storageDirectory}' --runroot '${runDirectory}'`;
  const body = script.replaceAll(/\bbuildah /g, `buildah ${options} `);
  // The storage's driver leaves a mount behind: in a mount namespace of its own it ends with the command.
  // The lock: what one process has mounted in its namespace another does not see.
  const command = ['--mount', '--propagation', 'private', 'flock', `${storageDirectory}.lock`];
  return runCommand('unshare', [...command, 'sh', '-c', body, 'sh', ...args], {
    env: { ...process.env, STORAGE_DRIVER: 'overlay', BUILDAH_ISOLATION: 'chroot' },
    timeoutMs,
  });
}
