import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseManifest } from '../../krew/manifest-rules.ts';

/**
 * Installs a release as krew does: finds the platform, checks the archive, extracts it, moves its files, links
 * the one executable. (https://github.com/kubernetes-sigs/krew/blob/master/internal/installation/install.go)
 * @param root krew's own folder (KREW_ROOT).
 * @param release where the manifest and the archives are.
 * @returns the folder that krew's users have in their PATH.
 */
export function installWithKrew(root: string, release: string, os: string, arch: string): string {
  const manifest = parseManifest(readFileSync(join(release, 'crashcart.yaml'), 'utf8'), 'crashcart.yaml');
  const { name } = manifest.metadata;
  const platform = manifest.spec.platforms.find(({ selector: { matchLabels: labels } }) => {
    return labels !== undefined && 'os' in labels && labels.os === os && labels.arch === arch;
  });
  if (platform === undefined) throw new Error(`nothing for ${os} on ${arch}`);
  const archive = join(release, platform.uri.slice(platform.uri.lastIndexOf('/') + 1));
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
  if (sha256 !== platform.sha256) throw new Error('the archive is not that of the manifest');

  const staging = join(root, 'staging');
  const installed = join(root, 'store', name, manifest.spec.version);
  mkdirSync(staging, { recursive: true });
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['xzf', archive, '-C', staging]);
  for (const { from, to } of platform.files ?? [{ from: '*', to: '.' }]) {
    mkdirSync(join(installed, to), { recursive: true });
    execFileSync('sh', ['-c', `mv -- ${from} "$1"`, 'sh', join(installed, to)], { cwd: staging });
  }
  rmSync(staging, { recursive: true });
  const link = join(root, 'bin', `kubectl-${name.replaceAll('-', '_')}`);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(relative(dirname(link), join(installed, platform.bin)), link);
  return dirname(link);
}
