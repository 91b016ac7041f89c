import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackages } from './machine/install-packages.ts';
import { runCommand } from './machine/run-command.ts';
import { buildOnce, hashInputs, pruneCache } from './machine/build-cache.ts';
import {
  getNativePlatform,
  isForeign,
  nameVariant,
  prepareEmulator,
  type ImagePlatform,
} from './image-platform.ts';
import { debianRelease, readPackageSources } from './package-sources.ts';

const buildLimitMs = 8 * 60_000;
const emulatedLimitMs = 30 * 60_000;

/** What apt has in the image, whatever this machine's has: the image may be published. */
const publishedFiles = {
  '/etc/apt/sources.list': `deb http://deb.debian.org/debian ${debianRelease} main
deb http://deb.debian.org/debian ${debianRelease}-updates main
deb http://security.debian.org/debian-security ${debianRelease}-security main
`,
  '/etc/apt/apt.conf.d/99mmdebstrap': 'Acquire::Languages "none";\n',
  // They would be this machine's.
  '/etc/resolv.conf': '',
  '/etc/hosts': '',
  '/etc/hostname': '',
};

/**
 * Makes a minimal Debian as a root file system, or finds it in the cache. It stands where a registry's
 * `debian:12` would: images are built without one. Nothing in it is of this machine.
 * @returns the path of the uncompressed tar archive.
 */
export async function buildBaseTar(platform: ImagePlatform = getNativePlatform()): Promise<string> {
  return await buildSystemTar('base', [], platform);
}

/**
 * Makes a minimal Debian with packages, or finds it in the cache.
 * @param system its name in the cache, which keeps two of each name.
 * @returns the path of the uncompressed tar archive.
 */
export async function buildSystemTar(
  system: string,
  packages: string[],
  platform: ImagePlatform = getNativePlatform(),
): Promise<string> {
  const sources = await readPackageSources();
  const inputs = [{ file: import.meta.filename }, platform.name, JSON.stringify(sources), ...packages];
  const name = nameVariant(system, platform);
  const directory = await buildOnce(name, await hashInputs(inputs), async (unfinished) => {
    const content = packages.length === 0 ? '' : ` with ${packages.join(' ')}`;
    process.stderr.write(`making a minimal Debian ${debianRelease} for ${platform.name}${content}\n`);
    await installPackages(['debian-archive-keyring', 'mmdebstrap']);
    await prepareEmulator(platform);
    const scratch = await mkdtemp(join(tmpdir(), 'crashcart-base-'));
    try {
      await runDebootstrap(join(unfinished, `${system}.tar`), packages, platform, scratch);
    } finally {
      await rm(scratch, { recursive: true });
    }
  });
  await pruneCache(name, 2);
  return join(directory, `${system}.tar`);
}

async function runDebootstrap(
  tar: string,
  packages: string[],
  platform: ImagePlatform,
  scratch: string,
): Promise<void> {
  const { lines, settings } = await readPackageSources();
  const settingsFile = join(scratch, 'apt.conf');
  await writeFile(settingsFile, ['Acquire::Languages "none";', ...settings, ''].join('\n'));
  const hooks: string[] = [];
  for (const [path, content] of Object.entries(publishedFiles)) {
    const file = join(scratch, path.replaceAll('/', '-'));
    await writeFile(file, content);
    hooks.push(`--customize-hook=upload ${file} ${path}`);
  }
  const args = [
    '--variant=minbase',
    `--architectures=${platform.arch}`,
    `--aptopt=${settingsFile}`,
    '--dpkgopt=path-exclude=/usr/share/man/*',
    // Packages of Java fail without this folder: their alternatives are linked there.
    ...(packages.length === 0 ? [] : ['--dpkgopt=path-include=/usr/share/man/man1/*']),
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    ...hooks,
    ...(packages.length === 0 ? [] : [`--include=${packages.join(',')}`]),
    '--format=tar',
    debianRelease,
    tar,
    // Without a mirror it takes the release's own, with its security updates.
    ...lines,
  ];
  const timeoutMs = isForeign(platform) ? emulatedLimitMs : buildLimitMs;
  await runCommand('mmdebstrap', args, { timeoutMs });
}
