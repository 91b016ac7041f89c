import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { agentPaths } from '../agent-config.ts';

const run = promisify(execFile);

/** Major and minor numbers: https://docs.kernel.org/admin-guide/devices.html */
const devices: [name: string, major: number, minor: number][] = [
  ['null', 1, 3],
  ['zero', 1, 5],
  ['full', 1, 7],
  ['random', 1, 8],
  ['urandom', 1, 9],
  ['tty', 5, 0],
];

/**
 * Makes the /dev that sessions share, once: what a program needs and no block device. It is read-only
 * (devices can still be written to), so that a session can't leave anything in it for another one.
 */
export async function prepareSessionDevices(): Promise<void> {
  await mkdir(agentPaths.sessionRoot, { recursive: true });
  const directory = join(agentPaths.state, 'devices');
  await mkdir(directory, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=755,nosuid,noexec', 'crashcart', directory]);
  for (const [name, major, minor] of devices) {
    await run('mknod', ['-m', '666', join(directory, name), 'c', String(major), String(minor)]);
  }
  await mkdir(join(directory, 'pts'));
  const links: [name: string, target: string][] = [
    ['ptmx', 'pts/ptmx'],
    // Of the session's own root, writable and limited, unlike what is made here.
    ['shm', '/tmp'],
    ['fd', '/proc/self/fd'],
    ['stdin', '/proc/self/fd/0'],
    ['stdout', '/proc/self/fd/1'],
    ['stderr', '/proc/self/fd/2'],
  ];
  for (const [name, target] of links) await symlink(target, join(directory, name));
  // The agent's own devpts, never the target's: whoever can open a terminal's slave can type into it.
  await run('mount', ['--bind', '/dev/pts', join(directory, 'pts')]);
  await run('mount', ['-o', 'remount,bind,ro', directory]);
}
