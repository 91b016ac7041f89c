import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installPackages } from '../e2e/cluster/install-packages.ts';
import { runCommand } from '../e2e/cluster/run-command.ts';
import { buildOnce, hashInputs, pruneCache } from './build-cache.ts';
import { certificatesFile, readPackageSources, type PackageSources } from './package-sources.ts';

const release = 'bookworm';

/**
 * Makes a minimal Debian as a root file system, or finds it in the cache. It stands where a registry's
 * `debian:12` would: images for tests are built without one. Its apt is set up like this machine's, so
 * that packages can be installed from it; for that reason it must never be published.
 * @returns the path of the uncompressed tar archive.
 */
export async function buildBaseTar(): Promise<string> {
  const sources = await readPackageSources(release);
  const key = await hashInputs([{ file: import.meta.filename }, process.arch, JSON.stringify(sources)]);
  const directory = await buildOnce('base', key, async (unfinished) => {
    process.stderr.write(`making a minimal Debian ${release}\n`);
    await installPackages(['debian-archive-keyring', 'mmdebstrap']);
    await runDebootstrap(unfinished, sources);
  });
  await pruneCache('base', 2);
  return join(directory, 'base.tar');
}

async function runDebootstrap(directory: string, { lines, settings }: PackageSources): Promise<void> {
  const settingsFile = join(directory, 'apt.conf');
  await writeFile(settingsFile, ['Acquire::Languages "none";', ...settings, ''].join('\n'));
  const secure = lines.some((line) => line.includes('https:'));
  const args = [
    '--variant=minbase',
    `--aptopt=${settingsFile}`,
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    ...(secure
      ? [
          '--customize-hook=mkdir -p "$1/etc/ssl/certs"',
          `--customize-hook=copy-in ${certificatesFile} /etc/ssl/certs`,
        ]
      : []),
    // Of this machine, and no business of an image.
    '--customize-hook=for file in resolv.conf hosts hostname; do : >"$1/etc/$file"; done',
    '--format=tar',
    release,
    join(directory, 'base.tar'),
    // Without a mirror it takes the release's own, with its security updates.
    ...lines,
  ];
  await runCommand('mmdebstrap', args, { timeoutMs: 8 * 60_000 });
  await rm(settingsFile);
}
