import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { getNodeShell } from './nodes-machine.ts';
import { getClusterState, type RunningNode } from './cluster-state.ts';
import { runCommand } from '../../images/machine/run-command.ts';

const loadedSchema = z.record(z.string(), z.string());

/**
 * Loads an image archive (docker or OCI) into every node; a node that has exactly this file is left alone.
 * @throws when no cluster is ready, or a node's containerd refuses it.
 */
export async function loadImage(archive: string): Promise<void> {
  const { binaries, nodes } = await getClusterState();
  const version = await readVersion(archive);
  await Promise.all(nodes.map((node) => loadIntoNode(node, join(binaries, 'ctr'), archive, version)));
}

/** Records that a node has these archives already: its disk was made with them. */
export async function recordLoaded(node: Pick<RunningNode, 'directory'>, archives: string[]): Promise<void> {
  const versions = await Promise.all(
    archives.map(async (archive) => [archive, await readVersion(archive)] as const),
  );
  await writeFile(locateList(node), JSON.stringify(Object.fromEntries(versions)));
}

async function readVersion(archive: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(archive);
  return `${size} ${mtimeMs} ${ino}`;
}

function locateList({ directory }: Pick<RunningNode, 'directory'>): string {
  return join(directory, 'loaded-images.json');
}

async function loadIntoNode(node: RunningNode, ctr: string, archive: string, version: string): Promise<void> {
  const listFile = locateList(node);
  const loaded = await readLoaded(listFile);
  if (loaded[archive] === version) return;
  await importArchive(node, ctr, archive);
  // Read again: another process may have loaded another archive meanwhile.
  await writeFile(listFile, JSON.stringify({ ...(await readLoaded(listFile)), [archive]: version }));
}

async function readLoaded(listFile: string): Promise<Record<string, string>> {
  return loadedSchema.parse(JSON.parse(await readFile(listFile, 'utf8').catch(() => '{}')));
}

async function importArchive(node: RunningNode, ctr: string, archive: string): Promise<void> {
  const args = [ctr, '--namespace', 'k8s.io', 'images', 'import', '--local', archive];
  const [shell, ...before] = getNodeShell(node);
  await runCommand(shell, [...before, ...args], { timeoutMs: 5 * 60_000 });
}
