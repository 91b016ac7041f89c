import { join } from 'node:path';
import { buildImages } from '../images/build.ts';
import { runCommand } from '../images/machine/run-command.ts';
import { getClusterState } from './cluster/cluster-state.ts';
import { loadImage } from './cluster/load-image.ts';
import { startCluster } from './cluster/start-cluster.ts';
import { deployTargets } from './targets/deploy.ts';

/** Brings up what the e2e tests run on: cluster, agent image (the plugin is built with it), targets. */
export async function prepareTestCluster(): Promise<void> {
  await startCluster({ nodes: 2 });
  const { agent } = await buildImages();
  await loadImage(agent.archive);
  await prepareTargets();
}

/** Puts manifests and targets into the cluster that is up. */
export async function prepareTargets(): Promise<void> {
  await applyManifests();
  await deployTargets();
}

/** As an administrator does, once. */
async function applyManifests(): Promise<void> {
  const { kubectl, kubeconfig } = await getClusterState();
  const manifests = join(import.meta.dirname, '../manifests');
  await runCommand(kubectl, ['--kubeconfig', kubeconfig, 'apply', '-k', manifests]);
}
