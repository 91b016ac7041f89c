import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildBinaries } from './binaries.ts';
import { describeNode, stateDirectory } from './cluster-layout.ts';
import {
  claimClusterRecord,
  readClusterRecord,
  saveClusterRecord,
  type ClusterProcess,
  type ClusterRecord,
} from './cluster-state.ts';
import { getClusterStatus, listReadyNodes } from './cluster-status.ts';
import { startControlPlane } from './control-plane.ts';
import { installPackages } from '../../images/machine/install-packages.ts';
import { createBridge } from './network.ts';
import { nodeMountPoints, startNode } from './node.ts';
import { buildPauseImage } from './pause-image.ts';
import { preparePods } from './pod-prerequisites.ts';
import { assertRunning, readStartTime, waitFor } from './processes.ts';
import { stopCluster } from './stop-cluster.ts';

const packages = ['tini', 'crun', 'openssl', 'iproute2', 'util-linux', 'buildah', 'gcc', 'libc6-dev'];

const otherStartLimitMs = 3 * 60_000;

/**
 * Brings up this checkout's cluster: nothing to do when it is up with that many nodes; one that is broken,
 * of another size or of another checkout is taken down first.
 * @returns false when it was up already.
 * @throws naming the component that failed, with the end of its log; nothing of the cluster is left then.
 */
export async function startCluster({ nodes: nodeCount }: { nodes: number }): Promise<boolean> {
  if (process.getuid?.() !== 0)
    throw new Error('the cluster needs root (namespaces, mounts, cgroups): run this with sudo');
  await waitForOtherStart();
  const known = await readClusterRecord().catch(() => null);
  const isOurs = known?.stateDirectory === stateDirectory && known.nodeCount === nodeCount;
  if (isOurs && (await getClusterStatus()).state === 'ready') return false;

  await installPackages(packages);
  const binaries = await buildBinaries();
  const pauseImage = await buildPauseImage();
  await stopCluster();
  const record: ClusterRecord = {
    phase: 'starting',
    starter: { pid: process.pid, startTime: readStartTime(process.pid) ?? '' },
    stateDirectory,
    binaries,
    nodeCount,
    processes: [],
    nodes: [],
    mountPoints: nodeMountPoints.filter((path) => !existsSync(path)),
  };
  if (!(await claimClusterRecord(record)))
    throw new Error('another process has just begun to start the cluster');
  try {
    await startComponents(record, pauseImage);
  } catch (error) {
    await stopCluster();
    throw error;
  }
  return true;
}

async function waitForOtherStart(): Promise<void> {
  const deadline = performance.now() + otherStartLimitMs;
  while ((await getClusterStatus().catch(() => null))?.state === 'starting') {
    if (performance.now() > deadline)
      throw new Error('another process is starting the cluster, and does not finish');
    await sleep(200);
  }
}

async function startComponents(record: ClusterRecord, pauseImage: string): Promise<void> {
  await mkdir(join(stateDirectory, 'logs'), { recursive: true });
  for (const path of nodeMountPoints) await mkdir(path, { recursive: true });
  const register = (component: ClusterProcess) => {
    record.processes.push(component);
    saveClusterRecord(record);
  };
  await createBridge();
  await startControlPlane(record, register);
  const plans = Array.from({ length: record.nodeCount }, (_, index) => describeNode(index + 1));
  const started = await Promise.all(
    plans.map((plan) => {
      const others = plans.filter((other) => other !== plan);
      return startNode(plan, others, record, pauseImage, register);
    }),
  );
  record.nodes = started.map(({ node }) => node);
  for (const { node, process: component } of started) {
    await waitFor('Ready', component, 90_000, async () => {
      record.processes.forEach(assertRunning);
      return (await listReadyNodes(record)).includes(node.name);
    });
  }
  await preparePods(record);
  record.phase = 'ready';
  saveClusterRecord(record);
}
