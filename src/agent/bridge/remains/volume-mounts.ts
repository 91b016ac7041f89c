import { readFile } from 'node:fs/promises';

/** File systems in memory: there is no device or server that waits for their end. */
const inMemory = ['tmpfs', 'ramfs'];

/**
 * The mounts of a pod's volumes on the node that a session must not outlive. A session has mounts of its own of the same
 * file systems: while one is left, the kernel keeps the file system in use after the kubelet has unmounted it, and a disk
 * could be detached before all was written.
 */
export class VolumeMounts {
  readonly #suffixes: string[];
  readonly #read: () => Promise<string>;
  #watched: string[] = [];

  /**
   * @param hostPaths of the volumes.
   * @param read another one is for tests.
   */
  constructor(hostPaths: string[], read = () => readFile('/proc/1/mountinfo', 'utf8')) {
    // The kubelet's folder may be behind a link, which the mount table has resolved.
    this.#suffixes = hostPaths.flatMap((path) => /\/pods\/.*$/.exec(path)?.[0] ?? []);
    this.#read = read;
  }

  /** Looks which volumes are mounted now. */
  async begin(): Promise<void> {
    this.#watched = await this.#list();
  }

  /** @returns whether all that were mounted at the beginning still are. */
  async areMounted(): Promise<boolean> {
    if (this.#watched.length === 0) return true;
    const mounted = new Set(await this.#list());
    return this.#watched.every((point) => mounted.has(point));
  }

  async #list(): Promise<string[]> {
    if (this.#suffixes.length === 0) return [];
    return (await this.#read()).split('\n').flatMap((line) => {
      // proc_pid_mountinfo(5)
      const point = line.split(' ')[4] ?? '';
      const type = / - (\S+)/.exec(line)?.[1] ?? '';
      return !inMemory.includes(type) && this.#suffixes.some((suffix) => point.endsWith(suffix))
        ? [point]
        : [];
    });
  }
}
