import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashInputs } from '../../images/machine/build-cache.ts';
import { getClusterState, type ClusterState } from '../cluster/cluster-state.ts';
import { loadImage } from '../cluster/load-image.ts';
import { slowness } from '../limits/slowness.ts';
import { runCommand } from '../../images/machine/run-command.ts';
import { buildTargetImages } from './build.ts';

/** How a cluster is reached. */
type ClusterAccess = Pick<ClusterState, 'kubectl' | 'kubeconfig'>;

const manifests = join(import.meta.dirname, 'manifests');
/** On the server's side: kubectl's own way asks for the schema and for each object one by one. */
const apply = ['apply', '--server-side', '--force-conflicts', '-f', manifests];
const namespaces = ['targets', 'restricted'];
const limit = `${60 * slowness}s`;
/** Below a node's folder, where its kubelet looks. */
const staticPodFile = 'manifests/static-pod.yaml';

/**
 * Puts the targets of the tests into the cluster and waits until they run; nothing to do where they do.
 * Pods of other images or manifests than now are replaced.
 * @throws when no cluster is ready, or a target does not run within a minute, with what kubectl says.
 */
export async function deployTargets(): Promise<void> {
  const archives = await buildTargetImages();
  for (const archive of archives) await loadImage(archive);
  const cluster = await getClusterState();
  const version = await hashInputs([...archives, { file: import.meta.dirname }]);
  const versionFile = join(cluster.nodes[0].directory, 'targets-version');
  const known = await readFile(versionFile, 'utf8').catch(() => '');
  // A pod's spec can't be changed in place.
  if (known !== '' && known !== version) await deleteTargets(cluster);
  await applyManifests(cluster);
  await deployStaticPod(cluster);
  await waitForPods(cluster);
  await writeFile(versionFile, version);
}

/**
 * Puts the targets into any cluster, without the static pod, which is a file of a node.
 * @throws ExecaError when a target does not run within a minute, with what kubectl says.
 */
export async function applyTargets(cluster: ClusterAccess): Promise<void> {
  await applyManifests(cluster);
  await waitForPods(cluster);
}

async function deleteTargets(cluster: ClusterState): Promise<void> {
  await rm(join(cluster.nodes[0].directory, staticPodFile), { force: true });
  for (const namespace of namespaces) {
    await runKubectl(
      cluster,
      'delete',
      'pods',
      '-n',
      namespace,
      '-l',
      'app',
      '--grace-period=1',
      `--timeout=${limit}`,
    );
  }
}

async function applyManifests(cluster: ClusterAccess): Promise<void> {
  try {
    await runKubectl(cluster, ...apply);
  } catch {
    // A new namespace takes pods once it has its service account.
    for (const namespace of namespaces) {
      const account = ['serviceaccount/default', '-n', namespace];
      await runKubectl(cluster, 'wait', '--for=create', ...account, `--timeout=${limit}`);
    }
    await runKubectl(cluster, ...apply);
  }
}

/** The kubelet of the first node runs it from a file, and shows it to the API server as a mirror pod. */
async function deployStaticPod(cluster: ClusterState): Promise<void> {
  const manifest = join(import.meta.dirname, 'static-pod.yaml');
  await copyFile(manifest, join(cluster.nodes[0].directory, staticPodFile));
  const pod = [`pod/static-${cluster.nodes[0].name}`, '-n', 'targets'];
  await runKubectl(cluster, 'wait', '--for=create', ...pod, `--timeout=${limit}`);
}

async function waitForPods(cluster: ClusterAccess): Promise<void> {
  const ready = ['--for=condition=Ready', 'pod', '-l', 'app!=running-init', `--timeout=${limit}`];
  const initRuns = '--for=jsonpath={.status.initContainerStatuses[0].state.running.startedAt}';
  await Promise.all([
    ...namespaces.map((namespace) => runKubectl(cluster, 'wait', '-n', namespace, ...ready)),
    runKubectl(cluster, 'wait', '-n', 'targets', initRuns, 'pod/running-init', `--timeout=${limit}`),
  ]);
}

async function runKubectl(cluster: ClusterAccess, ...args: string[]): Promise<void> {
  await runCommand(cluster.kubectl, ['--kubeconfig', cluster.kubeconfig, ...args], {
    timeoutMs: 90_000 * slowness,
  });
}
