import { build, type BuildOptions, type Plugin } from 'esbuild';

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  minify: true,
  keepNames: true,
  sourcemap: false,
  legalComments: 'none',
  logLevel: 'warning',
  // Some dependencies are CommonJS and call require() at run time, which an ES module does not have.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

/**
 * Of the client library only the kubeconfig is used; it imports the generated API and undici for methods
 * that are never called here. They are most of what it weighs (1 MB) and of what a start costs (0.3 s).
 */
const omitUnusedClient: Plugin = {
  name: 'omit-unused-client',
  setup(bundle) {
    const unused = { path: 'unused-client', namespace: 'unused-client' };
    bundle.onResolve({ filter: /^(undici|\.\/gen\/index\.js|\.\/middleware\.js)$/ }, ({ importer }) =>
      importer.includes('@kubernetes/client-node/dist/') ? unused : null,
    );
    const names = [
      'Agent',
      'ProxyAgent',
      'createConfiguration',
      'ServerConfiguration',
      'setHeaderMiddleware',
    ];
    bundle.onLoad({ filter: /.*/, namespace: 'unused-client' }, () => ({
      contents: names.map((name) => `export const ${name} = null;`).join('\n'),
    }));
  },
};

await Promise.all([
  build({
    ...shared,
    plugins: [omitUnusedClient],
    // Native parts of ws that are not installed: not looked for.
    define: { 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
    keepNames: false,
    entryPoints: { 'kubectl-crashcart': 'src/cli/main.ts' },
    outdir: 'dist/plugin',
    splitting: true,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
  }),
  build({
    ...shared,
    entryPoints: { agent: 'src/agent/main.ts' },
    outdir: 'dist/agent',
    outExtension: { '.js': '.mjs' },
  }),
]);
