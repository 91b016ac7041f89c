import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { runCommand } from './machine/run-command.ts';
import { buildOnce, pruneCache } from './machine/build-cache.ts';

/** What an image weighs, in bytes. */
export interface ImageSize {
  /** What a node without any of its layers pulls: registries hold layers compressed by gzip. */
  pulled: number;
  /** What the layers take on a node's disk. */
  unpacked: number;
}

/** A package of the toolbox, and what its files take. */
export interface PackageSize {
  name: string;
  bytes: number;
}

const manifestSchema = z.tuple([z.object({ Layers: z.array(z.string()).min(1) })]);
const sizeSchema = z.object({ pulled: z.number(), unpacked: z.number() });
const compressionLimitMs = 3 * 60_000;

/**
 * Weighs an image. Compressing it takes half a minute; it is done once a layer.
 * @param archive a docker archive, uncompressed.
 */
export async function measureImage(archive: string): Promise<ImageSize> {
  const layers = await listLayers(archive);
  const sizes = await Promise.all(layers.map((layer) => measureLayer(archive, layer)));
  await pruneCache('layer-size', 8);
  return {
    pulled: sizes.reduce((sum, { pulled }) => sum + pulled, 0),
    unpacked: sizes.reduce((sum, { unpacked }) => sum + unpacked, 0),
  };
}

/** Lists the packages of an agent image's toolbox that take most, as the package manager knows them. */
export async function listLargestPackages(archive: string, count: number): Promise<PackageSize[]> {
  const [layer = ''] = await listLayers(archive);
  const script = 'tar -xOf "$1" "$2" | tar -xO toolbox/var/lib/dpkg/status';
  const status = await runCommand('sh', ['-c', script, 'sh', archive, layer]);
  return [...status.matchAll(/^Package: (.*)\n(?:.+\n)*?Installed-Size: (\d+)$/gm)]
    .map(([, name = '', kibibytes]) => ({ name, bytes: Number(kibibytes) * 1024 }))
    .toSorted((one, other) => other.bytes - one.bytes)
    .slice(0, count);
}

async function listLayers(archive: string): Promise<string[]> {
  const text = await runCommand('tar', ['-xOf', archive, 'manifest.json']);
  return manifestSchema.parse(JSON.parse(text))[0].Layers;
}

async function measureLayer(archive: string, layer: string): Promise<ImageSize> {
  // Named by the hash of its content.
  const directory = await buildOnce('layer-size', layer.slice(0, 16), async (unfinished) => {
    const count = 'tar -xOf "$1" "$2" | wc -c; tar -xOf "$1" "$2" | gzip | wc -c';
    const output = await runCommand('sh', ['-c', count, 'sh', archive, layer], {
      timeoutMs: compressionLimitMs,
    });
    const [unpacked, pulled] = output.trim().split('\n').map(Number);
    await writeFile(join(unfinished, 'size.json'), JSON.stringify({ pulled, unpacked }));
  });
  return sizeSchema.parse(JSON.parse(await readFile(join(directory, 'size.json'), 'utf8')));
}
