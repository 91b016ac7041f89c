import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Accelerator } from './accelerator.ts';
import type { MachineDisk } from './disk.ts';
import { machineNetwork } from './machine-network.ts';

/** The tag of the folder that the machine shares with the tests. */
export const sharedFolderTag = 'e2e';

const memoryMiB = 4096;

/** What a machine is started with. */
export interface MachineStart {
  disk: MachineDisk;
  images: string;
  kernelOptions: string[];
  /** A folder of this machine that the other one can mount. */
  sharedFolder: string;
  /** Where `serial.log` is written, which is the console of the machine, and `qemu.log`. */
  logDirectory: string;
}

/**
 * Starts QEMU, in the background and in the namespaces of this process.
 * @returns its process ID.
 */
export function startMachine(accelerator: Accelerator, start: MachineStart): number {
  const { disk, images, kernelOptions, sharedFolder, logDirectory } = start;
  const commandLine = [
    'console=ttyS0',
    'root=/dev/vda',
    'rw',
    'mitigations=off',
    'nokaslr',
    'fsck.mode=skip',
    ...kernelOptions,
  ];
  // What the machine writes is in a file that has no name: it is gone with QEMU.
  const drive = (file: string) => ['-drive', `file=${file},format=raw,if=virtio,snapshot=on`];
  const args = [
    ...accelerator.arguments,
    ...['-smp', '2', '-m', String(memoryMiB), '-display', 'none', '-no-reboot'],
    ...['-serial', `file:${join(logDirectory, 'serial.log')}`],
    ...['-monitor', 'none', '-kernel', disk.kernel, '-initrd', disk.initialRAMDisk],
    ...['-append', commandLine.join(' ')],
    ...drive(disk.root),
    ...drive(images),
    ...['-netdev', `tap,id=n,ifname=${machineNetwork.tap},script=no,downscript=no`],
    ...['-device', 'virtio-net-pci,netdev=n', '-device', 'virtio-rng-pci'],
    '-virtfs',
    `local,path=${sharedFolder},mount_tag=${sharedFolderTag},security_model=none,multidevs=remap`,
  ];
  const log = openSync(join(logDirectory, 'qemu.log'), 'w');
  // An emulated CPU takes all that it gets: the tests, and whatever else this machine does, come first.
  const child = spawn('nice', ['-n', '15', 'qemu-system-x86_64', ...args], {
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  child.unref();
  if (child.pid === undefined) throw new Error('qemu-system-x86_64 cannot be started');
  return child.pid;
}
