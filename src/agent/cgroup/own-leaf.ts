import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeControl } from './control-file.ts';
import {
  type CgroupHierarchy,
  findContainerDirectory,
  findSessionHierarchies,
  leafName,
} from './hierarchies.ts';
import { sessionControllers } from './missing-limits.ts';

/** For all attempts together. The relays of clients that wait for the agent to listen join the cgroup meanwhile. */
const leafLimitMs = 2000;

/**
 * On cgroup v2, moves the agent's own processes into a leaf and hands the memory, pids and cpu controllers on to
 * its siblings, the sessions' cgroups: a cgroup that has processes can't
 * (https://docs.kernel.org/admin-guide/cgroup-v2.html, "No Internal Process Constraint"). A later exec into the
 * container then joins the cgroup of the container's first process, as runc and crun do. v1 needs none of this.
 *
 * An exec that comes before joins the container's cgroup itself, at any moment: the list of processes is read and moved
 * again until the kernel takes it. Where it does not, sessions still have cgroups to be killed by, but no limits: it is
 * logged, missing-limits.ts tells it, and the next session tries again.
 * @param hierarchies in which sessions get cgroups.
 * @param controllers to hand on, in this order: after one that can't be, none is.
 */
export async function moveIntoLeaf(
  hierarchies?: CgroupHierarchy[],
  controllers: readonly string[] = sessionControllers,
): Promise<void> {
  const v2 = (hierarchies ?? (await findSessionHierarchies())).find(({ version }) => version === 2);
  if (v2 === undefined) return;
  const directory = findContainerDirectory(v2);
  const endMs = performance.now() + leafLimitMs;
  try {
    const available = await readWords(join(directory, 'cgroup.controllers'));
    await mkdir(join(directory, leafName), { recursive: true });
    // One by one: the cpu controller is refused where real-time processes are, and the others are needed more.
    for (const controller of controllers) {
      if (available.includes(controller)) await handOn(directory, controller, endMs);
      else throw new Error(`the container has no controller ${controller}`);
    }
  } catch (error) {
    console.error(`cgroup: sessions are not limited as they should be: ${(error as Error).message}`);
  }
}

async function handOn(directory: string, controller: string, endMs: number): Promise<void> {
  while (!(await tryHandOn(directory, controller)))
    if (performance.now() > endMs) throw new Error('other processes join the cgroup again and again');
}

/** @returns false when a process has joined after the list was read. */
async function tryHandOn(directory: string, controller: string): Promise<boolean> {
  for (const pid of await readWords(join(directory, 'cgroup.procs'))) {
    await writeControl(join(directory, leafName, 'cgroup.procs'), pid).catch(ignoreEnded);
  }
  try {
    await writeControl(join(directory, 'cgroup.subtree_control'), `+${controller}`);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
    return false;
  }
}

async function readWords(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split(/\s+/).filter(Boolean);
}

/** A process that was listed may have ended before it is moved. */
function ignoreEnded(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ESRCH') throw error;
}
