import { dump, load } from 'js-yaml';
import * as z from 'zod';
import type { Platform } from '../images/machine/node-platforms.ts';

/** An archive that krew can install. */
export interface ManifestArchive {
  platform: Pick<Platform, 'os' | 'arch'>;
  /** Name of the file. */
  name: string;
  /** In hexadecimal digits. */
  sha256: string;
}

const templateSchema = z.looseObject({
  spec: z.looseObject({ platforms: z.tuple([z.looseObject({})]) }),
});

/**
 * Fills the template of krew's manifest.
 * @param baseURL where the archives are downloaded from.
 * @throws Error when the template has a placeholder without a value.
 */
export function formatManifest(
  template: string,
  version: string,
  baseURL: string,
  archives: ManifestArchive[],
): string {
  const { spec, ...manifest } = templateSchema.parse(load(template));
  const platforms = archives.map(({ platform: { os, arch }, name, sha256 }) =>
    fill(spec.platforms[0], {
      os,
      arch,
      sha256,
      uri: `${baseURL}/v${version}/${name}`,
      bin: os === 'windows' ? 'kubectl-crashcart.exe' : 'kubectl-crashcart',
    }),
  );
  const values = { version: `v${version}`, homepage: new URL(baseURL).origin };
  return dump(fill({ ...manifest, spec: { ...spec, platforms } }, values), { lineWidth: -1 });
}

function fill(value: object, values: Record<string, string>): unknown {
  return JSON.parse(JSON.stringify(value), (_key, item: unknown) =>
    typeof item === 'string'
      ? item.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => get(values, name))
      : item,
  );
}

function get(values: Record<string, string>, name: string): string {
  const value = values[name];
  if (value === undefined) throw new Error(`the template has {{${name}}}, for which there is no value`);
  return value;
}
