import { dump, load } from 'js-yaml';
import * as z from 'zod';
import type { ReleasedArchive } from './release.ts';

const templateSchema = z.looseObject({
  spec: z.looseObject({ platforms: z.tuple([z.looseObject({})]) }),
});

/**
 * Fills the template of krew's manifest.
 * @param baseURL where the archives are downloaded from.
 * @throws when the template asks for something that is not known.
 */
export function formatManifest(
  template: string,
  version: string,
  baseURL: string,
  archives: Pick<ReleasedArchive, 'platform' | 'name' | 'sha256'>[],
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
  if (value === undefined) throw new Error(`the template has {{${name}}}, which nothing fills`);
  return value;
}
