import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveEntry } from './archive.ts';
import type { BundledPackage } from './bundled-packages.ts';
import type { PluginBundle } from './plugin-bundle.ts';
import { describeCommands } from '../docs/reference/command-reference.ts';
import { formatManualPage } from '../docs/reference/manual-page.ts';
import { formatLicences } from './third-party-licences.ts';

const checkout = join(import.meta.dirname, '..');

/** npm links these into its folder of programs, where kubectl looks for both. */
const programs = {
  'kubectl-crashcart': 'lib/plugin.cjs',
  'kubectl_complete-crashcart': 'lib/complete.cjs',
};
const manualPage = 'man/kubectl-crashcart.1';
const shebang = '#!/usr/bin/env node\n';

/** Gathers the npm package, for those who have a Node: the bundle alone, which depends on nothing. */
export async function gatherNpmPackage(
  version: string,
  bundle: PluginBundle,
  packages: BundledPackage[],
): Promise<ArchiveEntry[]> {
  const text = await readFile(join(checkout, 'package.json'), 'utf8');
  const { name, description, license, repository, bugs, homepage, engines } = JSON.parse(text) as Record<
    string,
    unknown
  >;
  const content = {
    ...{ name, version, description, license, repository, bugs, homepage, engines },
    bin: programs,
    man: [manualPage],
    files: ['lib', 'man', '*.txt'],
  };
  const files: Record<string, string | Buffer> = {
    'package.json': `${JSON.stringify(content, null, 2)}\n`,
    'lib/plugin.cjs': `${shebang}require('./kubectl-crashcart.cjs');\n`,
    'lib/complete.cjs': `${shebang}process.argv.splice(2, 0, '__complete');\nrequire('./kubectl-crashcart.cjs');\n`,
    ...Object.fromEntries([...bundle.files].map(([file, code]) => [`lib/${file}`, code])),
    [manualPage]: formatManualPage(await describeCommands()),
    LICENSE: await readFile(join(checkout, 'LICENSE')),
    'README.md': await readFile(join(checkout, 'README.md')),
    'THIRD-PARTY-LICENSES.txt': formatLicences(packages),
  };
  const executables: string[] = Object.values(programs);
  return Object.entries(files).map(([file, code]) => ({
    // npm's archives have all below one folder.
    name: `package/${file}`,
    content: code,
    executable: executables.includes(file),
  }));
}
