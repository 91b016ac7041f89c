import { renameSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { hasErrorCode } from './error-code.ts';
import { recordFile } from './cluster-layout.ts';

const processSchema = z.object({
  name: z.string(),
  pid: z.int().positive(),
  /** Of /proc/PID/stat: a process ID that was reused has another one. */
  startTime: z.string(),
  logFile: z.string(),
});

const nodeSchema = z.object({
  name: z.string(),
  /** The process ID, on this machine, of the node's PID 1. */
  pid: z.int().positive(),
  address: z.string(),
});

const recordSchema = z.object({
  phase: z.enum(['starting', 'ready']),
  /** Who is starting it: another start waits for that process, or cleans up when it is gone. */
  starter: z.object({ pid: z.int().positive(), startTime: z.string() }),
  stateDirectory: z.string(),
  binaries: z.string(),
  nodeCount: z.int().positive(),
  processes: z.array(processSchema),
  nodes: z.array(nodeSchema),
  /** Folders of the machine that were made to mount something on, inside a node, and are empty outside. */
  mountPoints: z.array(z.string()),
});

/** A process of the cluster that was started by this machine's `up`. */
export type ClusterProcess = z.infer<typeof processSchema>;

/** A node that runs. */
export type ClusterNode = z.infer<typeof nodeSchema>;

/** A node and where its state is. */
export type RunningNode = ClusterNode & { directory: string };

/** What is known about the machine's cluster. */
export type ClusterRecord = z.infer<typeof recordSchema>;

/** What tests and the demo need to know of a cluster that is ready. */
export interface ClusterState {
  kubeconfig: string;
  binaries: string;
  kubectl: string;
  /** Never empty; `directory` holds a node's configuration, logs and static pods. */
  nodes: [RunningNode, ...RunningNode[]];
}

/**
 * Returns how to reach the machine's cluster.
 * @throws when none is ready.
 */
export async function getClusterState(): Promise<ClusterState> {
  const record = await readClusterRecord();
  const nodes = record?.nodes.map((node) => ({
    ...node,
    directory: join(record.stateDirectory, 'nodes', node.name),
  }));
  const [first, ...others] = nodes ?? [];
  if (record?.phase !== 'ready' || first === undefined) {
    throw new Error('no cluster is up: start one with `npm run cluster:up`');
  }
  return {
    kubeconfig: getKubeconfigPath(record.stateDirectory),
    binaries: record.binaries,
    kubectl: join(record.binaries, 'kubectl'),
    nodes: [first, ...others],
  };
}

/** Returns where a cluster with this state folder has its kubeconfig. */
export function getKubeconfigPath(directory: string): string {
  return join(directory, 'kubeconfig');
}

/**
 * Reads what is known about the machine's cluster.
 * @returns null when there is none.
 */
export async function readClusterRecord(): Promise<ClusterRecord | null> {
  let text: string;
  try {
    text = await readFile(recordFile, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return null;
    throw error;
  }
  return recordSchema.parse(JSON.parse(text));
}

/**
 * Writes the first record of a cluster.
 * @returns false when there is one already.
 */
export async function claimClusterRecord(record: ClusterRecord): Promise<boolean> {
  await mkdir(dirname(recordFile), { recursive: true });
  try {
    await writeFile(recordFile, JSON.stringify(record, null, 2), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Replaces the record; a reader sees the old or the new one, never a part. */
export function saveClusterRecord(record: ClusterRecord): void {
  // Synchronously: nodes are started at the same time, and a later state must not be overtaken by an earlier one.
  const unfinished = `${recordFile}.${process.pid}`;
  writeFileSync(unfinished, JSON.stringify(record, null, 2), { mode: 0o600 });
  renameSync(unfinished, recordFile);
}
