import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackages } from '../e2e/cluster/install-packages.ts';
import { runCommand } from '../e2e/cluster/run-command.ts';
import { cacheDirectory } from './build-cache.ts';

/** An image that was built: what it is called, and the docker archive that holds all of it. */
export interface BuiltImage {
  reference: string;
  archive: string;
}

/** A build of a Dockerfile by buildah: no daemon, no registry. */
export interface ImageBuild {
  reference: string;
  dockerfile: string;
  context: string;
  buildArguments: Record<string, string>;
  /** Files that a step may read and that are not in the image, by their names there. */
  secrets?: Record<string, string>;
  /** Of the context, what is left out; null: nothing. */
  ignoreFile: string | null;
  /** The stage to build; null: the last one. */
  target: string | null;
}

// Kept between builds, unlike a storage of its own for each: a changed agent is one new layer upon what is
// there, here and on the nodes.
const storageDirectory = join(cacheDirectory, 'image-storage');
const runDirectory = join(tmpdir(), `kubectl-crashcart-image-storage-${process.getuid?.() ?? 0}`);

/** Installs what builds images. */
export async function installBuilder(): Promise<void> {
  await installPackages(['buildah', 'util-linux']);
  await mkdir(storageDirectory, { recursive: true });
}

/** Makes a root file system an image, unless it is there already. */
export async function importBase(reference: string, tar: string): Promise<void> {
  if (await hasImage(reference)) return;
  const script =
    'set -e; container=$(buildah from scratch); buildah add --quiet "$container" "$2" /; ' +
    'buildah commit --quiet --rm "$container" "$1"';
  await runWithStorage(script, [reference, tar]);
}

/** Returns whether the storage holds an image. */
export async function hasImage(reference: string): Promise<boolean> {
  const found = await runWithStorage('buildah images --quiet --no-trunc "$1" 2>/dev/null || true', [
    reference,
  ]);
  return found.trim() !== '';
}

/** Builds an image into the storage. */
export async function buildImage(build: ImageBuild): Promise<void> {
  const { reference, dockerfile, context, buildArguments, secrets = {}, ignoreFile, target } = build;
  // Without a cache of layers: what is there already is known by its key, and that cache never matches a copied
  // toolbox.
  const args = [
    ...['--isolation', 'chroot', '--pull-never', '--layers=false', '--format', 'docker'],
    ...(ignoreFile === null ? [] : ['--ignorefile', ignoreFile]),
    ...(target === null ? [] : ['--target', target]),
    ...Object.entries(buildArguments).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...Object.entries(secrets).flatMap(([id, file]) => ['--secret', `id=${id},src=${file}`]),
    ...['--tag', reference, '--file', dockerfile, context],
  ];
  await runWithStorage('buildah bud "$@"', args);
}

/** Writes an image of the storage into a docker archive. */
export async function exportImage({ reference, archive }: BuiltImage): Promise<void> {
  await runWithStorage('buildah push --quiet "$1" "docker-archive:$2:$1"', [reference, archive]);
}

/** Removes a repository's images but the newest ones, and layers that no image needs any more. */
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

async function runWithStorage(script: string, args: string[]): Promise<string> {
  const options = `--root '${storageDirectory}' --runroot '${runDirectory}'`;
  const body = script.replaceAll(/\bbuildah /g, `buildah ${options} `);
  // The storage's driver leaves a mount behind: in a mount namespace of its own it ends with the command.
  // The lock: what one process has mounted in its namespace another does not see.
  const command = ['--mount', '--propagation', 'private', 'flock', `${storageDirectory}.lock`];
  return runCommand('unshare', [...command, 'sh', '-c', body, 'sh', ...args], {
    env: { ...process.env, STORAGE_DRIVER: 'overlay', BUILDAH_ISOLATION: 'chroot' },
    timeoutMs: 8 * 60_000,
  });
}
