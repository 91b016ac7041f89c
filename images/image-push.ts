import { hasImage, runWithStorage, type BuiltImage } from './image-storage.ts';
import type { Provenance } from './provenance.ts';

/** How images are published. */
export interface PushOptions {
  provenance: Provenance;
  /** Whether the registry may speak HTTP, or have a certificate that nobody vouches for. */
  insecure: boolean;
}

const pushLimitMs = 30 * 60_000;

/**
 * Publishes an image; of several platforms as one index. Credentials are those of the machine's user, where buildah
 * looks for them.
 * @param images the same for different platforms.
 * @param destination `REGISTRY/NAME:TAG`
 * @returns the destination with the digest of what is there now.
 * @throws when the registry does not take it; layers may be there by then, and the tag is not.
 */
export async function pushImages(
  images: BuiltImage[],
  destination: string,
  options: PushOptions,
): Promise<string> {
  const labelled: string[] = [];
  try {
    for (const image of images) labelled.push(await labelImage(image, options.provenance));
    const digest = await runPush(labelled, destination, options.insecure);
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`buildah told no digest, but "${digest}"`);
    return `${destination}@${digest}`;
  } finally {
    if (labelled.length > 0) await runWithStorage('buildah rmi "$@"', labelled);
  }
}

/** Only here: with the commit in them the images for the test cluster would be other ones after each commit. */
async function labelImage(image: BuiltImage, { labels, createdSeconds }: Provenance): Promise<string> {
  const { reference, archive, platform } = image;
  // The cache may outlive the storage.
  if (!(await hasImage(reference)))
    await runWithStorage('buildah pull --quiet --arch "$2" "docker-archive:$1"', [archive, platform.arch]);
  const name = reference.slice(0, reference.lastIndexOf(':')).split('/').at(-1) ?? '';
  const labelled = `crashcart.dev/published/${name}:${process.pid}`;
  const script =
    'set -e; image=$1 arch=$2 seconds=$3 labelled=$4; shift 4; ' +
    'container=$(buildah from --pull-never --arch "$arch" "$image"); ' +
    'buildah config "$@" "$container"; ' +
    'buildah commit --quiet --rm --format oci --timestamp "$seconds" "$container" "$labelled"';
  const definitions = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
  await runWithStorage(script, [reference, platform.arch, String(createdSeconds), labelled, ...definitions]);
  return labelled;
}

async function runPush(labelled: string[], destination: string, insecure: boolean): Promise<string> {
  const options = `--quiet --tls-verify=${String(!insecure)} --format oci --digestfile "$digest"`;
  const script =
    'set -e; destination=$1 index=$2; shift 2; digest=$(mktemp); trap \'rm "$digest"\' EXIT; ' +
    (labelled.length === 1
      ? `buildah push ${options} "$1" "docker://$destination" >&2; `
      : 'buildah manifest create "$index" >&2; ' +
        'trap \'rm "$digest"; buildah manifest rm "$index" >&2\' EXIT; ' +
        'for image; do buildah manifest add "$index" "$image" >&2; done; ' +
        `buildah manifest push --all ${options} "$index" "docker://$destination" >&2; `) +
    'cat "$digest"';
  const args = [destination, `crashcart.dev/published/index:${process.pid}`, ...labelled];
  return (await runWithStorage(script, args, pushLimitMs)).trim();
}
