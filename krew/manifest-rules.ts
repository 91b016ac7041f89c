import { load } from 'js-yaml';
import { valid } from 'semver';
import * as z from 'zod';

/**
 * What krew refuses when it reads a manifest, and what the maintainers of its central index refuse.
 * (https://github.com/kubernetes-sigs/krew/blob/master/internal/index/validation/validate.go,
 * https://krew.sigs.k8s.io/docs/developer-guide/develop/plugin-manifest/)
 */

const windowsForbidden = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;
const nameSchema = z
  .string()
  .regex(/^[\w-]+$/, 'it has letters, digits, _ and - only')
  .refine((name) => !windowsForbidden.test(name), 'Windows allows no file of that name')
  // Of the index: https://krew.sigs.k8s.io/docs/developer-guide/develop/naming-guide/
  .refine((name) => /^[a-z][a-z0-9-]*$/.test(name) && !/^kube/.test(name), 'not as the naming guide has it');

const versionSchema = z
  .string()
  .refine((version) => version.startsWith('v') && valid(version) !== null, 'it is v and a semantic version');

const label = z.union([
  z.strictObject({ os: z.enum(['linux', 'darwin', 'windows']), arch: z.string().min(1).optional() }),
  z.strictObject({ arch: z.string().min(1) }),
]);
const expressionSchema = z.strictObject({
  key: z.enum(['os', 'arch']),
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: z.array(z.string()).optional(),
});
const selectorSchema = z
  .strictObject({
    matchLabels: label.optional(),
    matchExpressions: z.array(expressionSchema).min(1).optional(),
  })
  .refine(({ matchLabels, matchExpressions }) => matchLabels ?? matchExpressions, 'an empty selector');

const pathSchema = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith('/') && !path.split('/').includes('..'), 'it leads out of the archive');

const platformSchema = z
  .strictObject({
    selector: selectorSchema,
    uri: z.url({ protocol: /^https$/ }).regex(/\.(tar\.gz|zip)$/, 'krew extracts .tar.gz and .zip'),
    sha256: z.string().regex(/^[a-f0-9]{64}$/, 'it is 64 lower-case hexadecimal digits'),
    bin: pathSchema,
    /** Without it: all files. */
    files: z
      .array(z.strictObject({ from: pathSchema, to: pathSchema }))
      .min(1)
      .optional(),
  })
  .refine(
    ({ selector, bin }) =>
      (selector.matchLabels as { os?: string })?.os === 'windows' || !bin.endsWith('.exe'),
    '.exe is for Windows only',
  );

const manifestSchema = z.strictObject({
  apiVersion: z.literal('krew.googlecontainertools.github.com/v1alpha2'),
  kind: z.literal('Plugin'),
  metadata: z.strictObject({ name: nameSchema }),
  spec: z.strictObject({
    version: versionSchema,
    homepage: z.url().optional(),
    shortDescription: z
      .string()
      .min(1)
      .max(50, 'it is a few words')
      .regex(/^[^\r\n]*$/, 'it is one line')
      .regex(/[^.]$/, 'it is no sentence'),
    description: z.string().optional(),
    caveats: z.string().optional(),
    platforms: z.array(platformSchema).min(1),
  }),
});
export type Manifest = z.infer<typeof manifestSchema>;

/**
 * Reads a plugin manifest as krew and its index do.
 * @param fileName has to be the plugin's name.
 * @throws with each rule that it breaks.
 */
export function parseManifest(text: string, fileName: string): Manifest {
  const manifest = manifestSchema
    .refine(({ metadata }) => fileName === `${metadata.name}.yaml`, 'the file is called as the plugin')
    .refine(({ spec }) => hasDistinctSelectors(spec.platforms), 'two platforms have the same selector')
    .safeParse(load(text));
  if (manifest.success) return manifest.data;
  throw new Error(z.prettifyError(manifest.error));
}

function hasDistinctSelectors(platforms: { selector: object }[]): boolean {
  return new Set(platforms.map(({ selector }) => JSON.stringify(selector))).size === platforms.length;
}
