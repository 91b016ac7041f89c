import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import * as z from 'zod';

/** A file that an administrator applies. */
export interface ManifestFile {
  /** From the project's root. */
  path: string;
  text: string;
}

/** What every cluster needs, and what an administrator chooses besides, by its name. */
export interface Manifests {
  base: ManifestFile[];
  components: Record<string, ManifestFile[]>;
}

const checkout = join(import.meta.dirname, '../../../..');
/** Strict: what kustomize would do besides, as a patch, who prints the files would leave out. */
const kustomizationSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  resources: z.array(z.string()),
});
/** Without the installed agents: they have a key of all that they are made of, which `install` knows. */
const componentNames = ['admission-policies', 'installer', 'openshift', 'target-events'];

/**
 * The manifests, in the order of their kustomizations. The bundle has them in place of this file (esbuild.config.ts):
 * who has a release has no checkout.
 */
export const manifests: Manifests = {
  base: readFiles('manifests'),
  components: Object.fromEntries(
    componentNames.map((name) => [name, readFiles(`manifests/components/${name}`)]),
  ),
};

function readFiles(folder: string): ManifestFile[] {
  const { resources } = kustomizationSchema.parse(load(readText(`${folder}/kustomization.yaml`)));
  return resources.map((name) => ({ path: `${folder}/${name}`, text: readText(`${folder}/${name}`) }));
}

function readText(path: string): string {
  return readFileSync(join(checkout, path), 'utf8');
}
