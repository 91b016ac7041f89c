import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentPaths } from '../../session-api/agent-paths.ts';
import type { PinnedTarget } from './pinned-target.ts';
import { readFileInRoot } from '../files/rooted-path.ts';

/** The kubelet writes both files, usually far smaller. */
const maxNameFileBytes = 64 * 1024;

/** A folder of one session, for what enter-target.sh needs. */
export interface SessionDirectory {
  path: string;
  remove(): Promise<void>;
}

/**
 * Makes a session's folder.
 * @param target whose resolv.conf and hosts are taken, as data, from its root: names must resolve as in the
 *   target, not as on the node.
 * @param processFiles of the session's cgroup.
 * @param environment for the command alone (CommandStart).
 */
export async function createSessionDirectory(
  id: string,
  target: PinnedTarget,
  processFiles: string[],
  environment: Buffer,
): Promise<SessionDirectory> {
  const path = join(agentPaths.state, id);
  const upper = join(path, 'layers/upper');
  await mkdir(join(path, 'scratch'), { recursive: true, mode: 0o700 });
  await mkdir(join(path, 'layers/work'), { recursive: true });
  await mkdir(join(upper, 'etc'), { recursive: true, mode: 0o755 });
  // Mount points and folders that a session needs: a toolbox may lack them, or have links there that would be followed.
  for (const name of ['dev', 'mnt', 'proc', 'sys']) await mkdir(join(upper, name), { mode: 0o755 });
  await mkdir(join(upper, 'root'), { mode: 0o700 });
  await mkdir(join(upper, 'tmp'));
  await chmod(join(upper, 'tmp'), 0o1777);
  const targetRoot = `/proc/${target.process.pid}/root`;
  await Promise.all([
    writeFile(join(path, 'cgroup-procs'), processFiles.map((file) => `${file}\n`).join('')),
    writeFile(join(path, 'environment'), environment, { mode: 0o600 }),
    // A link, not a mount: a bind mount of the magic link is refused (EINVAL), and the link shows volumes too.
    symlink(`/proc/${target.innermostPID}/root`, join(upper, 'target')),
    ...['resolv.conf', 'hosts'].map(async (name) => {
      const content = await readFileInRoot(targetRoot, `/etc/${name}`, maxNameFileBytes);
      await writeFile(join(upper, 'etc', name), content ?? '', { mode: 0o644 });
    }),
  ]);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
