import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../../images/machine/run-command.ts';

/** An image to be built from the Dockerfile in its context. */
export interface ImageBuild {
  context: string;
  name: string;
  archive: string;
  dockerfile?: string;
  buildArguments?: Record<string, string>;
}

/** Builds an image by buildah, without a daemon and without a registry, into a docker archive. */
export async function buildImage(build: ImageBuild): Promise<void> {
  const { context, name, archive, dockerfile = join(context, 'Dockerfile'), buildArguments = {} } = build;
  // A storage of its own: nothing of this is to be seen in the storage of the machine's user.
  const storage = await mkdtemp(join(dirname(archive), 'buildah-'));
  const global = `buildah --root '${storage}/root' --runroot '${storage}/run'`;
  const definitions = Object.entries(buildArguments).flatMap(([key, value]) => [
    '--build-arg',
    `${key}=${value}`,
  ]);
  const script = [
    'set -e; archive=$1 name=$2; shift 2',
    `${global} bud --isolation chroot --pull-never --tag "$name" "$@"`,
    `${global} push "$name" "docker-archive:$archive:$name"`,
  ].join('\n');
  const args = [archive, name, '--file', dockerfile, ...definitions, context];
  // buildah adds to an archive that is there, and then refuses to.
  await rm(archive, { force: true });
  try {
    // The storage driver leaves a mount behind: in a mount namespace of its own it ends with the build.
    await runCommand('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...args], {
      env: { ...process.env, STORAGE_DRIVER: 'overlay' },
      timeoutMs: 10 * 60_000,
    });
  } finally {
    await rm(storage, { recursive: true, force: true });
  }
}
