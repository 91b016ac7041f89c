import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentPaths } from '../../session-api/agent-paths.ts';
import type { PinnedTarget } from './pinned-target.ts';
import type { TargetFiles } from './target-files.ts';

/** What joins a session to the hold of its target (hold-file.ts). */
export interface HoldFile {
  /** @param upper the first content of the session's root. */
  create(directory: string, upper: string): Promise<void>;
}

/** A folder of one session, for what enter-target.sh needs. */
export interface SessionDirectory {
  path: string;
  /**
   * Writes what the target has, as data.
   * @param environment for the command alone (CommandStart).
   */
  fill(nameFiles: TargetFiles['nameFiles'], environment: Buffer): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Makes a session's folder.
 * @param processFiles of the session's cgroup.
 * @param hold of a container that was caught; null: the container runs.
 */
export async function createSessionDirectory(
  id: string,
  target: Pick<PinnedTarget, 'innermostPID' | 'remains'>,
  processFiles: string[],
  hold: HoldFile | null,
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
  await Promise.all([
    writeFile(join(path, 'cgroup-procs'), processFiles.map((file) => `${file}\n`).join('')),
    target.remains === null
      ? // A link, not a mount: a bind mount of the magic link is refused (EINVAL), and the link shows volumes too.
        symlink(`/proc/${target.innermostPID}/root`, join(upper, 'target'))
      : mkdir(join(upper, 'target'), { mode: 0o755 }),
    target.remains === null ? null : writeFile(join(path, 'remains'), target.remains, { mode: 0o600 }),
  ]);
  if (hold !== null) await hold.create(path, upper);
  return {
    path,
    fill: async (nameFiles, environment) => {
      const names = Object.entries(nameFiles);
      await Promise.all([
        writeFile(join(path, 'environment'), environment, { mode: 0o600 }),
        ...names.map(([name, content]) => writeFile(join(upper, 'etc', name), content, { mode: 0o644 })),
      ]);
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
