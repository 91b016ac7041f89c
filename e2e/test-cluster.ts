import { buildImages } from '../images/build.ts';
import { startCluster } from './cluster/start-cluster.ts';
import { deployTargets } from './targets/deploy.ts';

/** Brings up what the e2e tests run on: cluster, agent image (the plugin is built with it), targets. */
export async function prepareTestCluster(): Promise<void> {
  await startCluster({ nodes: 2 });
  await buildImages();
  await deployTargets();
}
