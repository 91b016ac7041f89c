import { existsSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildOnce, hashInputs, pruneCache } from '../../images/machine/build-cache.ts';
import { installPackages } from '../../images/machine/install-packages.ts';
import { runCommand } from '../../images/machine/run-command.ts';
import { machineNetwork } from './machine-network.ts';
import { buildSystem } from './system.ts';

/** The Debian whose kernel and systemd a machine has, by the version of the kernel. */
const releases = { '6.1': 'bookworm', '6.12': 'trixie' } as const;

export type Kernel = keyof typeof releases;
export const kernels = ['6.1', '6.12'] as const satisfies Kernel[];

/** The files of a machine, which are never written to: each machine writes to a layer of its own. */
export interface MachineDisk {
  root: string;
  kernel: string;
  initialRAMDisk: string;
  /** Lets root of this machine in by ssh. */
  privateKey: string;
}

const diskLimitMs = 5 * 60_000;

/** What is of no use in a machine that lives for an hour, and costs an emulated CPU minutes. */
const unwanted = [
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'fstrim.timer'],
  ...['e2scrub_all.timer', 'e2scrub_reap.service', 'systemd-networkd-wait-online.service'],
];

/**
 * Makes a disk with Debian's own kernel and systemd, or finds it in the cache.
 * @param binaries of the cluster; they are on the disk at the same path.
 */
export async function buildDisk(kernel: Kernel, binaries: string): Promise<MachineDisk> {
  const key = await hashInputs([kernel, binaries, { file: import.meta.filename }]);
  const name = `machine-disk-${kernel}`;
  const directory = await buildOnce(name, key, async (unfinished) => {
    const system = await buildSystem(releases[kernel]);
    await installPackages(['e2fsprogs', 'openssh-client']);
    const root = join(unfinished, 'root');
    await mkdir(root);
    await runCommand('tar', ['-x', '--numeric-owner', '--xattrs', '-f', system, '-C', root], {
      timeoutMs: diskLimitMs,
    });
    await adjustSystem(root, unfinished, binaries);
    await takeKernel(root, unfinished);
    await runCommand('mke2fs', ['-q', '-t', 'ext4', '-d', root, join(unfinished, 'root.raw'), '8G'], {
      timeoutMs: diskLimitMs,
    });
    await rm(root, { recursive: true });
  });
  await pruneCache(name, 1);
  return {
    root: join(directory, 'root.raw'),
    kernel: join(directory, 'vmlinuz'),
    initialRAMDisk: join(directory, 'initrd.img'),
    privateKey: join(directory, 'key'),
  };
}

async function adjustSystem(root: string, keys: string, binaries: string): Promise<void> {
  const { address, prefixLength, gateway } = machineNetwork;
  await runCommand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(keys, 'key')]);
  const files = {
    '/etc/hostname': 'node-1\n',
    '/etc/hosts': '127.0.0.1 localhost node-1\n',
    '/etc/resolv.conf': `nameserver ${gateway}\n`,
    '/etc/fstab': '/dev/vda / ext4 noatime 0 1\n/dev/vdb /var/lib/containerd ext4 noatime 0 2\n',
    '/etc/sysctl.d/node.conf': 'net.ipv4.ip_forward = 1\n',
    // For the files that the machine shares with the tests.
    '/etc/modules-load.d/node.conf': '9pnet_virtio\n9p\noverlay\n',
    '/etc/systemd/network/wired.network': `[Match]
Driver=virtio_net
[Network]
Address=${address}/${prefixLength}
Gateway=${gateway}
`,
    // The checkout may be below /tmp.
    '/etc/tmpfiles.d/tmp.conf': '',
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await rm(join(root, path), { force: true });
    await writeFile(join(root, path), content);
  }
  const ssh = join(root, 'root/.ssh');
  await mkdir(ssh, { recursive: true, mode: 0o700 });
  await copyFile(join(keys, 'key.pub'), join(ssh, 'authorized_keys'));
  await chmod(join(ssh, 'authorized_keys'), 0o600);
  await cp(binaries, join(root, binaries), { recursive: true });
  await mkdir(join(root, 'var/lib/containerd'), { recursive: true });
  await runCommand('chroot', [root, 'systemctl', '--quiet', 'enable', 'systemd-networkd', 'ssh', 'apparmor']);
  await runCommand('chroot', [root, 'systemctl', '--quiet', 'mask', ...unwanted]);
}

/** QEMU boots them itself: without a boot loader there is none to wait for, and the command line is free. */
async function takeKernel(root: string, directory: string): Promise<void> {
  for (const name of ['vmlinuz', 'initrd.img']) {
    const found = (await readdir(join(root, 'boot'))).find((file) => file.startsWith(`${name}-`));
    if (found === undefined || !existsSync(join(root, 'boot', found)))
      throw new Error(`the system has no ${name} in /boot`);
    await rename(join(root, 'boot', found), join(directory, name));
  }
}
