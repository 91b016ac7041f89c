import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listCgroupProcesses, listCgroups, removeCgroups } from './cgroups.ts';
import { recordFile } from './cluster-layout.ts';
import { readClusterRecord, type ClusterRecord } from './cluster-state.ts';
import { hasErrorCode } from './error-code.ts';
import { listInterfaces, removeInterfaces } from './network.ts';
import { isRunning } from './processes.ts';

const limitMs = 30_000;

/**
 * Ends the machine's cluster, whichever checkout started it and however far that start got: its processes,
 * by their IDs, and with them its namespaces and mounts; its cgroups, its interfaces and its state.
 * The logs stay.
 * @throws when something is still there after half a minute, naming it.
 */
export async function stopCluster(): Promise<void> {
  const record = await readClusterRecord().catch(() => null);
  const deadline = performance.now() + limitMs;
  for (;;) {
    const remains = [...(await endProcesses(record)), ...(await removeLeftovers())];
    if (remains.length === 0) break;
    if (performance.now() > deadline)
      throw new Error(`the cluster does not end: ${remains.join(', ')} still there`);
    await sleep(50);
  }
  if (record !== null) await removeState(record);
  await rm(recordFile, { force: true });
}

/** Cgroups know every process of the cluster, also one that a start which was interrupted could not record. */
async function endProcesses(record: ClusterRecord | null): Promise<string[]> {
  const recorded = record?.processes.filter(isRunning).map(({ pid }) => pid) ?? [];
  const pids = new Set([...recorded, ...(await listCgroupProcesses())]);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // It ended by itself since it was listed.
      if (!hasErrorCode(error, 'ESRCH')) throw error;
    }
  }
  return [...pids].map((pid) => `process ${pid}`);
}

async function removeLeftovers(): Promise<string[]> {
  await removeInterfaces();
  await removeCgroups();
  return [...(await listInterfaces()), ...(await listCgroups())];
}

async function removeState({ stateDirectory, mountPoints }: ClusterRecord): Promise<void> {
  for (const name of ['kubeconfig', 'etcd', 'nodes', 'pki']) {
    await rm(join(stateDirectory, name), { recursive: true, force: true, maxRetries: 5 });
  }
  // Not empty: somebody else uses it by now.
  for (const path of mountPoints) await rmdir(path).catch(() => undefined);
}
