import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import * as z from 'zod';

/** A file that an administrator applies. */
interface ManifestFile {
  /** From the project's root. */
  path: string;
  text: string;
}

/** The files that every cluster needs, and those of the optional components, by their names. */
export interface Manifests {
  base: ManifestFile[];
  components: Record<string, ManifestFile[]>;
}

const checkout = join(import.meta.dirname, '../../../..');
/** Strict: the command prints files only, and would leave out anything else that kustomize does, such as a patch. */
const kustomizationSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  resources: z.array(z.string()),
});
/** Without the installed agents: only `install` can compute the key in their labels. */
const componentNames = ['admission-policies', 'installer', 'openshift', 'target-events'];

/**
 * The manifests, in the order of their kustomizations. The bundle has them in place of this file (esbuild.config.ts):
 * a release has no checkout.
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
