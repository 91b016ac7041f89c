import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getClusterState, type ClusterState } from '../cluster/cluster-state.ts';
import { loadImage } from '../cluster/load-image.ts';
import { runCommand } from '../cluster/run-command.ts';
import { buildTargetImages } from './build.ts';

const manifests = join(import.meta.dirname, 'manifests');
const namespaces = ['targets', 'restricted'];
const limit = '60s';

/**
 * Puts the targets of the tests into the cluster and waits until they run; nothing to do where they do.
 * @throws when no cluster is ready, or a target does not run within a minute, with what kubectl says.
 */
export async function deployTargets(): Promise<void> {
  for (const archive of await buildTargetImages()) await loadImage(archive);
  const cluster = await getClusterState();
  await runKubectl(cluster, 'apply', '-f', join(manifests, '00-namespaces.yaml'));
  for (const namespace of namespaces) {
    const account = ['serviceaccount/default', '-n', namespace];
    await runKubectl(cluster, 'wait', '--for=create', ...account, `--timeout=${limit}`);
  }
  await applyPods(cluster);
  await deployStaticPod(cluster);
  await waitForPods(cluster);
}

async function applyPods(cluster: ClusterState): Promise<void> {
  try {
    await runKubectl(cluster, 'apply', '-f', manifests);
  } catch {
    // A pod's spec can't be changed in place.
    await runKubectl(cluster, 'replace', '--force', '--grace-period=1', '-f', manifests);
  }
}

/** The kubelet of the first node runs it from a file, and shows it to the API server as a mirror pod. */
async function deployStaticPod(cluster: ClusterState): Promise<void> {
  const manifest = join(import.meta.dirname, 'static-pod.yaml');
  await copyFile(manifest, join(cluster.nodes[0].directory, 'manifests/static-pod.yaml'));
  const pod = [`pod/static-${cluster.nodes[0].name}`, '-n', 'targets'];
  await runKubectl(cluster, 'wait', '--for=create', ...pod, `--timeout=${limit}`);
}

async function waitForPods(cluster: ClusterState): Promise<void> {
  const ready = ['--for=condition=Ready', 'pod', '-l', 'app!=running-init', `--timeout=${limit}`];
  const initRuns = '--for=jsonpath={.status.initContainerStatuses[0].state.running.startedAt}';
  await Promise.all([
    ...namespaces.map((namespace) => runKubectl(cluster, 'wait', '-n', namespace, ...ready)),
    runKubectl(cluster, 'wait', '-n', 'targets', initRuns, 'pod/running-init', `--timeout=${limit}`),
  ]);
}

async function runKubectl(cluster: ClusterState, ...args: string[]): Promise<void> {
  await runCommand(cluster.kubectl, ['--kubeconfig', cluster.kubeconfig, ...args], { timeoutMs: 90_000 });
}
