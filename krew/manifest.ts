import { dump, load } from 'js-yaml';
import * as z from 'zod';
import { parseManifest } from './manifest-rules.ts';
import type { ReleasedArchive } from './release.ts';

const templateSchema = z.looseObject({
  spec: z.looseObject({ platforms: z.tuple([z.looseObject({})]) }),
});

/**
 * Fills the template of krew's manifest.
 * @param baseURL where the archives are downloaded from.
 * @throws when what comes out is not valid by krew's rules.
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
  const filled = fill(
    { ...manifest, spec: { ...spec, platforms } },
    {
      version: `v${version}`,
      homepage: new URL(baseURL).origin,
    },
  );
  const text = dump(filled, { lineWidth: -1 });
  parseManifest(text, 'crashcart.yaml');
  return text;
}

function fill(value: unknown, values: Record<string, string>): unknown {
  if (typeof value === 'string')
    return value.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => get(values, name));
  if (Array.isArray(value)) return value.map((item) => fill(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)]));
}

function get(values: Record<string, string>, name: string): string {
  const value = values[name];
  if (value === undefined) throw new Error(`the template has {{${name}}}, which nothing fills`);
  return value;
}
