import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const description = join(import.meta.dirname, '../package.json');

/** What a release says of itself. */
export interface ReleaseIdentity {
  /** Without a leading v. */
  version: string;
  /** With its digest; without: the image of the version. */
  agentImage?: string;
}

/** Has a bundle say that it is of a release, which it reads from package.json. */
export function withIdentity(identity: ReleaseIdentity): Plugin {
  return {
    name: 'with-identity',
    setup(bundle) {
      bundle.onLoad({ filter: /\/package\.json$/ }, async ({ path }) => {
        if (path !== description) return undefined;
        const content = JSON.parse(await readFile(path, 'utf8')) as object;
        const { version, agentImage = `crashcart.dev/agent:${version}` } = identity;
        return { contents: JSON.stringify({ ...content, version, agentImage }), loader: 'json' };
      });
    },
  };
}
