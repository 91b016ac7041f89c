import type { ConnectionFlags } from './connection-options.ts';
import { type NamedEntry, readCluster, readUser, type UserEntry } from './kubeconfig-entries.ts';
import { readKubeconfigFiles } from './kubeconfig-file.ts';
import { applyUserFlags, type Selection } from './selection.ts';

/**
 * Reads the entry of a selected user again, from its own file. Whatever is the current context by now does not count.
 * @returns null when the file is gone or broken, or when its cluster of that name is another one by now: that cluster's
 *   credentials must not be sent to this one.
 */
export function readUserAgain(
  { userEntry, clusterEntry }: Selection,
  flags: ConnectionFlags,
): UserEntry | null {
  if (userEntry === null) return null;
  try {
    if (clusterEntry !== null && !isSameCluster(clusterEntry)) return null;
    const { users } = readKubeconfigFiles([userEntry.file]);
    const found = users.find(({ name }) => name === userEntry.name);
    return found ? applyUserFlags(readUser(found), flags) : null;
  } catch {
    return null;
  }
}

function isSameCluster(entry: NamedEntry): boolean {
  const { clusters } = readKubeconfigFiles([entry.file]);
  const found = clusters.find(({ name }) => name === entry.name);
  return found !== undefined && readCluster(found).server === readCluster(entry).server;
}
