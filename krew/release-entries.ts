import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unixProgram, windowsProgram } from '../src/cli/commands/completion/kubectl-completion.ts';
import { shellScripts } from '../src/cli/commands/completion/shell-scripts.ts';
import type { ArchiveEntry } from './archive.ts';
import type { BundledPackage } from './bundled-packages.ts';
import { type NodeFiles, readNodePackage } from '../images/machine/node-package.ts';
import type { Platform } from '../images/machine/node-platforms.ts';
import type { PluginBundle } from './plugin-bundle.ts';
import { describeCommands } from '../docs/reference/command-reference.ts';
import { formatManualPage } from '../docs/reference/manual-page.ts';
import { formatLicences } from './third-party-licences.ts';
import { buildExecutable, removeSignature } from './windows-executable.ts';

const checkout = join(import.meta.dirname, '..');

/**
 * Gathers the files of one platform's archive.
 * @throws Error when its Node can't be downloaded, or the executable can't be built.
 */
export async function gatherEntries(
  { os, node, builder }: Platform,
  bundle: PluginBundle,
  packages: BundledPackage[],
): Promise<ArchiveEntry[]> {
  const files = await readNodePackage(node);
  // The npm packages of Node for Windows lack its licence.
  const builderFiles = os === 'windows' ? await readNodePackage(builder) : files;
  const license = (files.license ?? builderFiles.license)?.toString();
  if (license === undefined) throw new Error(`no licence of Node ${node.version}`);
  return [
    ...(os === 'windows'
      ? await gatherWindows(bundle, files, builderFiles)
      : await gatherUnix(bundle, files)),
    ...gatherCompletion(os),
    await readEntry('LICENSE', 'LICENSE'),
    {
      name: 'THIRD-PARTY-LICENSES.txt',
      content: formatLicences(packages, { version: node.version, license }),
    },
  ];
}

/** For users who extract the archive by hand; krew's users have `kubectl crashcart completion`. */
function gatherCompletion(os: Platform['os']): ArchiveEntry[] {
  const { name, content } = os === 'windows' ? windowsProgram : unixProgram;
  const scripts = Object.entries(shellScripts).map(([shell, script]) => ({
    name: `completion/kubectl-crashcart.${shell === 'powershell' ? 'ps1' : shell}`,
    content: script,
  }));
  return [{ name, content, executable: true }, ...scripts];
}

async function gatherUnix(bundle: PluginBundle, node: NodeFiles): Promise<ArchiveEntry[]> {
  return [
    { ...(await readEntry('kubectl-crashcart', 'krew/launchers/kubectl-crashcart')), executable: true },
    {
      name: 'man/kubectl-crashcart.1',
      content: formatManualPage(await describeCommands()),
    },
    // Untouched: on macOS its signature has to hold.
    { name: 'lib/node', content: node.binary, executable: true },
    ...[...bundle.files].map(([name, content]) => ({ name: `lib/${name}`, content })),
  ];
}

async function gatherWindows(
  bundle: PluginBundle,
  node: NodeFiles,
  builder: NodeFiles,
): Promise<ArchiveEntry[]> {
  const content = await buildExecutable(bundle.singleFile, removeSignature(node.binary), builder.binary);
  return [{ name: 'kubectl-crashcart.exe', content, executable: true }];
}

async function readEntry(name: string, path: string): Promise<ArchiveEntry> {
  return { name, content: await readFile(join(checkout, path)) };
}
