import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentPaths } from '../agent-config.ts';
import { readFileInRoot } from './rooted-path.ts';

/** The kubelet writes both files; far less is usual. */
const maxNameFileBytes = 64 * 1024;

/** A folder of one session, for what enter-target.sh needs. */
export interface SessionDirectory {
  path: string;
  remove(): Promise<void>;
}

/**
 * Makes a session's folder.
 * @param targetPID whose resolv.conf and hosts are taken, as data, from its root; the node's PID.
 * @param processFiles of the session's cgroup.
 */
export async function createSessionDirectory(
  id: string,
  targetPID: number,
  processFiles: string[],
): Promise<SessionDirectory> {
  const path = join(agentPaths.state, id);
  await mkdir(join(path, 'scratch'), { recursive: true, mode: 0o700 });
  const targetRoot = `/proc/${targetPID}/root`;
  await Promise.all([
    writeFile(join(path, 'cgroup-procs'), processFiles.map((file) => `${file}\n`).join('')),
    ...['resolv.conf', 'hosts'].map(async (name) => {
      const content = await readFileInRoot(targetRoot, `/etc/${name}`, maxNameFileBytes);
      await writeFile(join(path, name), content ?? '', { mode: 0o644 });
    }),
  ]);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
