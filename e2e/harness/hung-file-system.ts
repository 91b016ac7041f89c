import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../images/machine/run-command.ts';

/** The text of a Python program that mounts a FUSE which never answers; it says itself how it is called. */
export const hungFileSystemProgram = readFileSync(join(import.meta.dirname, 'hung_file_system.py'), 'utf8');

/** Requests that nobody reads, and requests that are read and never answered: whoever waits for these can't be killed. */
export const hungKinds = ['ignored', 'taken'] as const;
export type HungKind = (typeof hungKinds)[number];

/** A FUSE on this machine whose files never answer. Needs root. */
export class HungFileSystem {
  readonly #daemon: ChildProcess;
  readonly #mountPoint: string;

  private constructor(daemon: ChildProcess, mountPoint: string) {
    this.#daemon = daemon;
    this.#mountPoint = mountPoint;
  }

  static async mount(mountPoint: string, kind: HungKind): Promise<HungFileSystem> {
    const args = ['-c', hungFileSystemProgram, mountPoint, kind];
    const daemon = spawn('python3', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await Promise.race([
      once(daemon.stdout, 'data'),
      once(daemon, 'exit').then(() => Promise.reject(new Error('no FUSE could be mounted'))),
    ]);
    return new HungFileSystem(daemon, mountPoint);
  }

  /** Whoever waits for it gets an error. Again, it does nothing. */
  async end(): Promise<void> {
    if (this.#daemon.killed) return;
    const ended = once(this.#daemon, 'exit');
    this.#daemon.kill('SIGKILL');
    await ended;
    await runCommand('umount', [this.#mountPoint]);
  }
}
