import { join } from 'node:path';
import { getClusterState } from '../cluster/cluster-state.ts';
import { loadImage } from '../cluster/load-image.ts';
import { runCommand } from '../../images/machine/run-command.ts';
import { startCluster } from '../cluster/start-cluster.ts';

const kindConfig = join(import.meta.dirname, '../../kind-config.yaml');
const kindName = 'crashcart';
const kindLimitMs = 10 * 60_000;

/** A cluster to show the main job on. */
export interface DemoCluster {
  env: NodeJS.ProcessEnv;
  kubectlFlags: string[];
  /** Where its kubectl is; null: on PATH. */
  binaries: string | null;
  loadImage(archive: string): Promise<void>;
}

/**
 * Takes the context that was asked for; else kind where Docker runs; else the built-in cluster.
 * @param context of the user's kubeconfig; its nodes must be able to pull, or already have, the images.
 */
export async function selectCluster(context: string | null): Promise<DemoCluster> {
  if (context !== null) {
    const loadNothing = () => Promise.resolve();
    return { env: {}, kubectlFlags: ['--context', context], binaries: null, loadImage: loadNothing };
  }
  return (await hasKind()) ? startKind() : startBuiltIn();
}

async function hasKind(): Promise<boolean> {
  try {
    await runCommand('docker', ['info']);
    await runCommand('kind', ['version']);
    await runCommand('kubectl', ['version', '--client']);
    return true;
  } catch {
    return false;
  }
}

async function startKind(): Promise<DemoCluster> {
  const existing = await runCommand('kind', ['get', 'clusters']);
  if (!existing.split('\n').includes(kindName)) {
    console.error('making a cluster with kind …');
    await runCommand('kind', ['create', 'cluster', '--name', kindName, '--config', kindConfig], {
      timeoutMs: kindLimitMs,
    });
  }
  return {
    env: {},
    kubectlFlags: ['--context', `kind-${kindName}`],
    binaries: null,
    loadImage: async (archive) => {
      await runCommand('kind', ['load', 'image-archive', '--name', kindName, archive], {
        timeoutMs: kindLimitMs,
      });
    },
  };
}

async function startBuiltIn(): Promise<DemoCluster> {
  await startCluster({ nodes: 2 });
  const { kubeconfig, binaries } = await getClusterState();
  return { env: { KUBECONFIG: kubeconfig }, kubectlFlags: [], binaries, loadImage };
}
