import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { installPackages } from './machine/install-packages.ts';
import { runCommand } from './machine/run-command.ts';

/** What an image runs on. */
export interface ImagePlatform {
  /** As registries call it. */
  name: string;
  /** As Debian and images call it. */
  arch: 'amd64' | 'arm64';
  /** As Node and its packages call it. */
  nodeArch: 'x64' | 'arm64';
  /** The emulator of its programs on another machine, as QEMU's package calls it. */
  emulator: string;
}

export const imagePlatforms: ImagePlatform[] = [
  { name: 'linux/amd64', arch: 'amd64', nodeArch: 'x64', emulator: 'qemu-x86_64' },
  { name: 'linux/arm64', arch: 'arm64', nodeArch: 'arm64', emulator: 'qemu-aarch64' },
];

const binfmt = '/proc/sys/fs/binfmt_misc';

/**
 * The platform of this machine.
 * @throws Error when there are no images for it.
 */
export function getNativePlatform(): ImagePlatform {
  const native = imagePlatforms.find(({ nodeArch }) => nodeArch === process.arch);
  if (native === undefined)
    throw new Error(`there are no images for this machine's architecture, ${process.arch}`);
  return native;
}

/** Returns whether this machine runs the platform's programs only by an emulator, about ten times slower. */
export function isForeign(platform: ImagePlatform): boolean {
  return platform.nodeArch !== process.arch;
}

/** Returns a name for a platform: the plain one for this machine's, so that neither replaces the other. */
export function nameVariant(name: string, platform: ImagePlatform): string {
  return isForeign(platform) ? `${name}-${platform.arch}` : name;
}

/**
 * Has the kernel run the programs of a foreign platform by QEMU; this machine's own platform needs nothing.
 * The setting is for the whole machine, mount namespaces too, until it restarts.
 */
export async function prepareEmulator(platform: ImagePlatform): Promise<void> {
  const { emulator } = platform;
  if (!isForeign(platform)) return;
  await installPackages(['arch-test', 'qemu-user-static']);
  if (!existsSync(`${binfmt}/register`)) {
    await runCommand('mount', ['-t', 'binfmt_misc', 'binfmt_misc', binfmt]);
  }
  // systemd may have done it when the package was installed.
  if (existsSync(`${binfmt}/${emulator}`)) return;
  // Its flag F has the kernel open QEMU now, so that it is found in a root that does not have it.
  const registration = await readFile(`/usr/lib/binfmt.d/${emulator}.conf`, 'utf8');
  await writeFile(`${binfmt}/register`, registration.trim());
}
