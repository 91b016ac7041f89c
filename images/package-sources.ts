import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './machine/run-command.ts';

/** The machine's certificate authorities, which a mirror behind TLS may need. */
const certificatesFile = '/etc/ssl/certs/ca-certificates.crt';

/** The Debian that images are made of. */
export const debianRelease = 'bookworm';

/** Debian's own keys, at the same place on every system that has its package of them. */
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Where packages come from on this machine, for a system that is installed from it. */
export interface PackageSources {
  /** Lines of sources.list; none: the distribution's own mirrors. */
  lines: string[];
  /** Settings of apt.conf: proxies, certificates, what is checked. */
  settings: string[];
}

const settingNames = [
  'Check-Date',
  'Check-Valid-Until',
  'ForceIPv4',
  'ForceIPv6',
  'Retries',
  'http',
  'https',
];

/**
 * Reads how this machine's apt reaches the packages of the images' Debian: it may be behind a proxy or have
 * a mirror of its own, and what is installed for an image then needs the same.
 */
export async function readPackageSources(): Promise<PackageSources> {
  if (!existsSync('/usr/bin/apt-get')) return { lines: [], settings: [] };
  const format = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(CREATED_BY)';
  // Not from the downloaded lists: there may be none yet, and apt takes a second to read them.
  const withoutLists = ['--no-release-info', '--option', 'Dir::State::lists=/nonexistent/'];
  const targets = await runCommand('apt-get', ['indextargets', ...withoutLists, '--format', format]);
  const lines = new Set<string>();
  for (const target of targets.split('\n')) {
    const [address = '', suite = '', component, kind] = target.split('|');
    const ours = suite === debianRelease || suite.startsWith(`${debianRelease}-`);
    // Without debian in its path it is another publisher's archive that names its suites like Debian's.
    if (!ours || kind !== 'Packages' || component !== 'main' || !address.includes('debian')) continue;
    lines.add(`deb [signed-by=${keyring}] ${address} ${suite} main`);
  }
  const dump = await runCommand('apt-config', ['dump', ...settingNames.map((name) => `Acquire::${name}`)]);
  const settings = dump.split('\n').filter((line) => line !== '' && !line.endsWith(' "";'));
  // Suites like `bookworm-security` alone are no system to install.
  const complete = [...lines].some((line) => line.includes(` ${debianRelease} `));
  return { lines: complete ? [...lines] : [], settings };
}

/**
 * Writes what the steps of a build may read to reach packages as this machine does. As secrets they are in no image.
 * @param directory where the files are made.
 * @returns the files, by the names that the Dockerfiles know them by.
 */
export async function writePackageSecrets(directory: string): Promise<Record<string, string>> {
  const { lines, settings } = await readPackageSources();
  const certificates = existsSync(certificatesFile) ? { certificates: certificatesFile } : {};
  const apt = [
    ...settings,
    ...(lines.length === 0
      ? []
      : ['Dir::Etc::SourceList "/run/secrets/apt-sources";', 'Dir::Etc::SourceParts "/dev/null";']),
    ...('certificates' in certificates ? ['Acquire::https::CAInfo "/run/secrets/certificates";'] : []),
  ];
  const files = { 'apt-settings': apt, 'apt-sources': lines };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory, name), content.map((line) => `${line}\n`).join(''));
  }
  const written = Object.keys(files).map((name) => [name, join(directory, name)]);
  return { ...(Object.fromEntries(written) as Record<string, string>), ...certificates };
}
