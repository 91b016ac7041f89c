import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findOwnHierarchies, leafName } from './hierarchies.ts';

/**
 * On cgroup v2, moves the agent's own processes into a leaf and hands the memory and pids controllers on to
 * its siblings, the sessions' cgroups: a cgroup that has processes can't
 * (https://docs.kernel.org/admin-guide/cgroup-v2.html, "No Internal Process Constraint"). A later exec into the
 * container then joins the cgroup of the container's first process, as runc and crun do. v1 needs none of this.
 *
 * Where the node does not allow it, sessions still have cgroups to be killed by, but no memory limit.
 */
export async function moveIntoLeaf(): Promise<void> {
  const hierarchies = await findOwnHierarchies();
  const own = hierarchies.find(({ version }) => version === 2);
  if (own === undefined || hierarchies.some(({ controllers }) => controllers.includes('memory'))) return;
  try {
    const leaf = join(own.directory, leafName);
    await mkdir(leaf, { recursive: true });
    const processes = (await readFile(join(own.directory, 'cgroup.procs'), 'utf8'))
      .split('\n')
      .filter(Boolean);
    for (const pid of processes) await writeFile(join(leaf, 'cgroup.procs'), pid);
    await writeFile(join(own.directory, 'cgroup.subtree_control'), '+memory +pids');
  } catch (error) {
    console.error(`cgroup: sessions have no memory limit: ${(error as Error).message}`);
  }
}
