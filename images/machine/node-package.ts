import { readTarball, type PinnedPackage } from './npm-tarball.ts';

/** What a release takes from a package of Node. */
export interface NodeFiles {
  binary: Buffer;
  /** The licences of Node and of what is built into it; null: the package has none. */
  license: Buffer | null;
}

/**
 * Gets a package of Node, from the cache or the registry.
 * @throws Error when its contents are not the pinned ones, or it has no binary.
 */
export async function readNodePackage(node: PinnedPackage): Promise<NodeFiles> {
  const found = await readTarball(node, /^(bin\/node(\.exe)?|LICENSE)$/);
  const binary = found.get('bin/node') ?? found.get('bin/node.exe');
  if (binary === undefined) throw new Error(`${node.name}@${node.version} has no binary`);
  return { binary, license: found.get('LICENSE') ?? null };
}
