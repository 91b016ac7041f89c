import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CgroupHierarchy, findContainerDirectory, findOwnHierarchies } from './hierarchies.ts';

/** The v1 controllers in which a session gets a cgroup. In the others it stays in the agent container's. */
const usedControllers = ['memory', 'pids', 'freezer'];
const killLimitMs = 5000;

/** The cgroup of one session, below the agent container's own: never in the target's. */
export interface SessionCgroup {
  /** The files that a process writes its PID to, to join. */
  processFiles: string[];
  /** How often the kernel killed a process in it for its memory limit. */
  countMemoryKills(): Promise<number>;
  /** Kills everything in the cgroup and removes the cgroup. */
  destroy(): Promise<void>;
}

/**
 * Makes the cgroup of a session.
 * @param id the session's UUID; it names the cgroup.
 * @param memoryBytes limit of everything in the session together.
 */
export async function createSessionCgroup(id: string, memoryBytes: number): Promise<SessionCgroup> {
  const hierarchies = selectHierarchies(await findOwnHierarchies());
  const directories = hierarchies.map((hierarchy) => ({
    ...hierarchy,
    // On v2 the agent itself is in a leaf (own-leaf.ts): sessions are its siblings.
    directory: join(findContainerDirectory(hierarchy), `crashcart-${id}`),
  }));
  for (const { directory, version, controllers } of directories) {
    await mkdir(directory);
    if (version === 2)
      await writeFile(join(directory, 'memory.max'), String(memoryBytes)).catch(ignoreMissing);
    else if (controllers.includes('memory')) {
      await writeFile(join(directory, 'memory.limit_in_bytes'), String(memoryBytes));
    }
  }
  return {
    processFiles: directories.map(({ directory }) => join(directory, 'cgroup.procs')),
    countMemoryKills: () => countMemoryKills(directories),
    destroy: async () => {
      await killAll(directories);
      for (const { directory } of directories) await removeDirectory(directory);
    },
  };
}

function selectHierarchies(hierarchies: CgroupHierarchy[]): CgroupHierarchy[] {
  const v1 = hierarchies.filter(({ controllers }) =>
    controllers.some((controller) => usedControllers.includes(controller)),
  );
  // A hybrid host also mounts an empty v2 hierarchy, which controls nothing.
  return v1.length > 0 ? v1 : hierarchies.filter(({ version }) => version === 2);
}

async function countMemoryKills(hierarchies: CgroupHierarchy[]): Promise<number> {
  for (const { directory, version, controllers } of hierarchies) {
    if (version === 1 && !controllers.includes('memory')) continue;
    // https://docs.kernel.org/admin-guide/cgroup-v1/memory.html (10), …/cgroup-v2.html (memory.events)
    const file = join(directory, version === 2 ? 'memory.events' : 'memory.oom_control');
    const text = await readFile(file, 'utf8').catch(() => '');
    const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
    if (count !== undefined) return Number(count);
  }
  return 0;
}

/** Kills until no process is left: a process may fork while its siblings are being killed. */
async function killAll(hierarchies: CgroupHierarchy[]): Promise<void> {
  const deadline = Date.now() + killLimitMs;
  const v2 = hierarchies.find(({ version }) => version === 2);
  const freezer = hierarchies.find(({ controllers }) => controllers.includes('freezer'));
  const directory = (v2 ?? freezer ?? hierarchies[0])?.directory;
  if (directory === undefined) return;
  while (Date.now() < deadline) {
    if (v2) await writeFile(join(directory, 'cgroup.kill'), '1').catch(ignoreMissing);
    // v1 has no cgroup.kill. Frozen processes can't fork while the list is read.
    if (freezer) await writeFile(join(directory, 'freezer.state'), 'FROZEN').catch(ignoreMissing);
    const processes = (await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => ''))
      .split('\n')
      .filter(Boolean);
    for (const pid of processes) killProcess(Number(pid));
    if (freezer) await writeFile(join(directory, 'freezer.state'), 'THAWED').catch(ignoreMissing);
    if (processes.length === 0) return;
    await delay(5);
  }
}

function killProcess(pid: number): void {
  try {
    // 0 stands for a process of a PID namespace that is not visible here; kill(0) would be the agent.
    if (pid > 1) process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A cgroup can be removed only once its last process is reaped, which may take a moment. */
async function removeDirectory(directory: string): Promise<void> {
  const deadline = Date.now() + killLimitMs;
  for (;;) {
    try {
      await rmdir(directory);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || Date.now() > deadline) throw error;
      await delay(5);
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
