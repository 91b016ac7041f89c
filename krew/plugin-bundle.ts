import { build, type BuildOptions, type Metafile } from 'esbuild';
import { describePluginBuilds, describeSingleFileBuild, type ReleaseIdentity } from '../esbuild.config.ts';

/** The plugin as it is released. */
export interface PluginBundle {
  /** By name, for a Node beside them. */
  files: Map<string, Buffer>;
  /** The same in one file, with its source map. */
  singleFile: { program: Buffer; sourceMap: Buffer };
  /** Files of the checkout that something of is in it, as paths from there. */
  inputs: string[];
}

/** Bundles the plugin of this checkout as a release. */
export async function bundlePlugin(identity: ReleaseIdentity): Promise<PluginBundle> {
  // Nothing is written: the folders are only for the names of the files.
  const builds = [...describePluginBuilds('plugin', identity), describeSingleFileBuild('plugin', identity)];
  const results = await Promise.all(builds.map(bundle));
  const outputs = results.flatMap(({ outputs }) => outputs);
  const files = new Map(outputs.map(({ name, content }) => [name, content]));
  const [program, sourceMap] = [files.get('single-file.cjs'), files.get('single-file.cjs.map')];
  if (program === undefined || sourceMap === undefined) throw new Error('esbuild gave no single file');
  return {
    files: new Map([...files].filter(([name]) => !name.startsWith('single-file'))),
    singleFile: { program, sourceMap },
    inputs: [...new Set(results.flatMap(({ inputs }) => inputs))].toSorted(),
  };
}

async function bundle(options: BuildOptions) {
  const { metafile, outputFiles } = await build({ ...options, write: false, metafile: true });
  return {
    outputs: outputFiles.map(({ path, contents }) => ({
      name: path.slice(path.lastIndexOf('/') + 1),
      content: Buffer.from(contents),
    })),
    inputs: listIncluded(metafile),
  };
}

/** What was read and then left out as unused is not distributed, and has no licence to tell. */
function listIncluded({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path),
  );
}
