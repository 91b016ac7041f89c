// `guest-shell.ts COMMAND…`: runs a command in the machine, with this process's stdin, stdout, stderr and exit code.
import { spawnSync } from 'node:child_process';
import { machineNetwork } from './machine-network.ts';

/** Names the private key; the lane sets it. */
export const keyVariable = 'CRASHCART_E2E_VM_KEY';

/** Flags of ssh and sshfs. The host key is new with each disk. */
export function getSSHOptions(): string[] {
  const key = process.env[keyVariable];
  if (key === undefined) throw new Error(`${keyVariable} is not set: this runs in the lane only`);
  return [
    `IdentityFile=${key}`,
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'BatchMode=yes',
    'ConnectTimeout=30',
    // One connection for all: an emulated CPU needs two seconds for a handshake.
    'ControlPath=/run/kubectl-crashcart/ssh',
  ];
}

/** The login of the machine. */
export const guestLogin = `root@${machineNetwork.address}`;

/** @returns the command line by which ssh runs another one in the machine. */
export function buildGuestCommand(words: string[]): [string, ...string[]] {
  const options = getSSHOptions().flatMap((option) => ['-o', option]);
  // ssh joins the words, and a shell takes the line apart again.
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return ['ssh', ...options, guestLogin, ...quoted];
}

if (import.meta.main) {
  const [file, ...args] = buildGuestCommand(process.argv.slice(2));
  const { status, error } = spawnSync(file, args, { stdio: 'inherit' });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 255;
}
