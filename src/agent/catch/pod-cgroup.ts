import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A pod's cgroup on its node, and how a container's cgroup in it is frozen. */
export interface PodCgroup {
  /** In the file system of the node. */
  folder: string;
  freezer: Freezer;
}

/** The file of a cgroup that freezes its processes, and what is written to it. */
export interface Freezer {
  file: string;
  freeze: string;
  thaw: string;
}

/** https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html, https://docs.kernel.org/admin-guide/cgroup-v2.html */
const freezers: Record<1 | 2, Freezer> = {
  1: { file: 'freezer.state', freeze: 'FROZEN', thaw: 'THAWED' },
  2: { file: 'cgroup.freeze', freeze: '1', thaw: '0' },
};

const cgroups = '/sys/fs/cgroup';
/** Of folders between the root of a hierarchy and a pod: a node that is itself a container has some more. */
const maxDepth = 8;
/** Of folders that are looked into. */
const maxFolders = 20_000;

/**
 * Finds the cgroup of a pod, by either driver of the kubelet (`pod<UID>`, `kubepods-…-pod<UID>.slice`).
 * @param nodeRoot the node's file system.
 * @returns null when the pod has none: it has not started yet on this node.
 */
export async function findPodCgroup(nodeRoot: string, podUID: string): Promise<PodCgroup | null> {
  // systemd takes a dash for a level of the hierarchy: the kubelet writes a low line in its place.
  const names = [`pod${podUID}`, `pod${podUID.replaceAll('-', '_')}.slice`];
  // With v1, a hierarchy of v2 may be beside it, which freezes nothing.
  for (const [version, root] of [[1, `${cgroups}/freezer`] as const, [2, cgroups] as const]) {
    const folder = await findFolder(nodeRoot, root, names);
    if (folder !== null) return { folder, freezer: freezers[version] };
  }
  return null;
}

/** Level by level: pods are near the root. */
async function findFolder(nodeRoot: string, root: string, endings: string[]): Promise<string | null> {
  let level = [root];
  let looked = 0;
  for (let depth = 0; depth < maxDepth && looked < maxFolders; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      looked++;
      const entries = await readdir(join(nodeRoot, folder), { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        if (!entry.isDirectory()) continue;
        const path = join(folder, entry.name);
        if (isPod(entry.name, endings)) return path;
        // No pod is in another one, and a container's own cgroups are the container's.
        if (!/^(pod|kubepods.*-pod)[0-9a-f]/.test(entry.name)) next.push(path);
      }
    }
    level = next;
  }
  return null;
}

function isPod(name: string, endings: string[]): boolean {
  return endings.some((ending) => name === ending || name.endsWith(`-${ending}`));
}
