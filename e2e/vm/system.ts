import { join } from 'node:path';
import { buildOnce, hashInputs, pruneCache } from '../../images/machine/build-cache.ts';
import { installPackages } from '../../images/machine/install-packages.ts';
import { runCommand } from '../../images/machine/run-command.ts';

const packages = [
  ...['linux-image-amd64', 'systemd', 'systemd-sysv', 'dbus', 'udev', 'kmod', 'mount', 'procps', 'psmisc'],
  ...['iproute2', 'iputils-ping', 'iptables', 'openssh-server', 'ca-certificates', 'apparmor', 'crun'],
];

const limitMs = 20 * 60_000;

/**
 * Makes a Debian with its own kernel and systemd, or finds it in the cache.
 * @returns the path of an archive of its root.
 */
export async function buildSystem(release: string): Promise<string> {
  const name = `machine-system-${release}`;
  const directory = await buildOnce(name, await hashInputs([release, ...packages]), async (unfinished) => {
    process.stderr.write(`making a Debian ${release} with its kernel: about 4 minutes the first time\n`);
    await installPackages(['debian-archive-keyring', 'mmdebstrap']);
    // It mounts this machine's /dev/shm, /proc and /sys in the new root, and leaves them there when it is killed. In a
    // mount namespace of its own they go with it: nobody can delete through them.
    const namespace = ['--mount', '--propagation', 'private', '--', 'setpriv', '--pdeathsig', 'KILL'];
    const bootstrap = ['mmdebstrap', '--variant=minbase', `--include=${packages.join(',')}`];
    const args = [...namespace, ...bootstrap, release, join(unfinished, 'root.tar')];
    await runCommand('unshare', args, { timeoutMs: limitMs });
  });
  await pruneCache(name, 1);
  return join(directory, 'root.tar');
}
