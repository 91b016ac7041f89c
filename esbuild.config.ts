import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { manifests } from './src/cli/commands/manifests/manifest-files.ts';

/** What a release says about itself; the bundles of a checkout have none. */
export interface ReleaseIdentity {
  /** Without a leading v. */
  version: string;
  /** With its digest; without: the image of the version. */
  agentImage?: string;
}

/**
 * What @kubernetes/client-node's KubeConfig imports and this program never calls: the generated API (of
 * makeApiClient) and undici (of createDispatcher, for that API). Together they are most of a second's load.
 */
const withoutGeneratedAPI: Plugin = {
  name: 'without-generated-api',
  setup(bundle) {
    bundle.onResolve({ filter: /^(\.\/gen\/index\.js|undici)$/ }, ({ path, importer }) =>
      importer.includes('client-node') ? { path, namespace: 'left-out' } : undefined,
    );
    bundle.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
      contents: `
        const leftOut = () => { throw new Error('the generated API is not part of this bundle'); };
        export { leftOut as createConfiguration, leftOut as Agent, leftOut as ProxyAgent };
        export class ServerConfiguration {}`,
    }));
  },
};

/**
 * yargs lays out --help by the width of text on a terminal. What it asks for that compiles a pattern of all emoji
 * and loads a segmenter, 100 ms of every start; our help has no wide characters.
 */
const withoutEmojiWidth: Plugin = {
  name: 'without-emoji-width',
  setup(bundle) {
    // Only yargs' own: tables hold what users named.
    bundle.onResolve({ filter: /^string-width$/ }, ({ path, importer }) =>
      importer.includes('cli-table3') ? undefined : { path, namespace: 'plain-width' },
    );
    bundle.onLoad({ filter: /.*/, namespace: 'plain-width' }, () => ({
      contents: `
        import { stripVTControlCharacters } from 'node:util';
        export default (text) => stripVTControlCharacters(text).length;`,
    }));
  },
};

/** A release has no checkout to read the manifests from. */
const withManifests: Plugin = {
  name: 'with-manifests',
  setup(bundle) {
    bundle.onLoad({ filter: /\/src\/cli\/commands\/manifests\/manifest-files\.ts$/ }, () => ({
      contents: `export const manifests = ${JSON.stringify(manifests)};`,
    }));
  },
};

/** main.ts loads the rest at run time, so that --version and the compile cache come before it. */
const separateProgram: Plugin = {
  name: 'separate-program',
  setup(bundle) {
    bundle.onResolve({ filter: /^\.\/run-cli\.ts$/ }, () => ({ path: './run-cli.cjs', external: true }));
  },
};

/** Puts the identity of a release in place of the checkout's package.json. */
function withIdentity(identity: ReleaseIdentity): Plugin {
  return {
    name: 'with-identity',
    setup(bundle) {
      bundle.onLoad({ filter: /\/package\.json$/ }, async ({ path }) => {
        if (path !== join(import.meta.dirname, 'package.json')) return undefined;
        const content = JSON.parse(await readFile(path, 'utf8')) as object;
        const { version, agentImage = `crashcart.dev/agent:${version}` } = identity;
        return { contents: JSON.stringify({ ...content, version, agentImage }), loader: 'json' };
      });
    },
  };
}

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  // CommonJS: an ES module's import of node:http reads all its exports, and one of them is a getter that
  // loads Node's whole undici (30 ms of a start that takes 100).
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  // createZstdDecompress, which --compress needs, came with 22.15.
  target: 'node22.15',
  // require() instead: the loader of ES modules would scan the file for exports first.
  supported: { 'dynamic-import': false },
  minify: true,
  keepNames: true,
  // Beside the bundle, and without the sources: read by src/failure/source-stack.ts when an error is printed.
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  banner: { js: "const importMetaURL = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'importMetaURL' },
};

/**
 * Describes the plugin for a Node that finds its files beside each other.
 * @param outdir of kubectl-crashcart.cjs, which is the file to run, and of run-cli.cjs.
 */
export function describePluginBuilds(outdir: string, identity?: ReleaseIdentity): BuildOptions[] {
  return [
    {
      ...describeBuild('kubectl-crashcart', 'src/cli/main.ts', outdir, identity, [separateProgram]),
      banner: {},
    },
    describeBuild('run-cli', 'src/cli/run-cli.ts', outdir, identity, programPlugins),
  ];
}

/**
 * Describes the plugin in one file, for a Node that can't load a second one: a single-executable application.
 * @param outdir of single-file.cjs.
 */
export function describeSingleFileBuild(outdir: string, identity?: ReleaseIdentity): BuildOptions {
  return describeBuild('single-file', 'src/cli/main.ts', outdir, identity, programPlugins);
}

/** Describes the agent in one file, agent.cjs. */
export function describeAgentBuild(outdir: string, identity?: ReleaseIdentity): BuildOptions {
  return describeBuild('agent', 'src/agent/agent-main.ts', outdir, identity, []);
}

const programPlugins = [withoutGeneratedAPI, withoutEmojiWidth, withManifests];

function describeBuild(
  name: string,
  entryPoint: string,
  outdir: string,
  identity: ReleaseIdentity | undefined,
  plugins: Plugin[],
): BuildOptions {
  return {
    ...shared,
    absWorkingDir: import.meta.dirname,
    entryPoints: { [name]: entryPoint },
    outdir,
    plugins: [...(identity === undefined ? [] : [withIdentity(identity)]), ...plugins],
  };
}

if (import.meta.main) {
  await Promise.all([
    ...describePluginBuilds('dist/plugin').map(build),
    build(describeAgentBuild('dist/agent')),
  ]);
}
