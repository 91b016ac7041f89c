import { getClusterState } from '../cluster/cluster-state.ts';
import { runCommand } from '../../images/machine/run-command.ts';
import { getUserEnvironment } from '../harness/command-run.ts';

/** All that the benchmark makes is in it. */
export const benchNamespace = 'crashcart-bench';
export const targetPod = 'target';
export const targetImage = 'crashcart.test/musl:1';

/** Where the benchmark runs. */
export interface BenchCluster {
  env: NodeJS.ProcessEnv;
  kubeconfig: string;
  /** The node of the target, and with it of every agent. */
  node: string;
  /** Runs kubectl in the benchmark's namespace. @returns its output. */
  kubectl: (args: string[], manifest?: object) => Promise<string>;
}

/**
 * Makes the namespace, where Pod Security admits agents, and the target, both new.
 * @throws when no cluster is up.
 */
export async function prepareBenchCluster(): Promise<BenchCluster> {
  const { kubeconfig, nodes } = await getClusterState();
  const env = await getUserEnvironment();
  const kubectl = (args: string[], manifest?: object) =>
    runCommand('kubectl', ['-n', benchNamespace, ...args], {
      env,
      ...(manifest === undefined ? {} : { input: JSON.stringify(manifest) }),
    });
  const cluster = { env, kubeconfig, node: nodes[0].name, kubectl };
  await removeBenchNamespace(cluster);
  const labels = { 'pod-security.kubernetes.io/enforce': 'privileged' };
  await kubectl(['create', '-f', '-'], {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: benchNamespace, labels },
  });
  await kubectl(['wait', '--for=create', 'serviceaccount/default', '--timeout=30s']);
  await createTarget(cluster, targetPod);
  return cluster;
}

/** Makes a pod and waits until it is ready. */
export async function createTarget({ kubectl, node }: BenchCluster, name: string): Promise<void> {
  await kubectl(['create', '-f', '-'], {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'server', image: targetImage }],
    },
  });
  await kubectl(['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=30s']);
}

/** Removes all that the benchmark made, also what one that was interrupted has left. */
export async function removeBenchNamespace({ kubectl }: Pick<BenchCluster, 'kubectl'>): Promise<void> {
  await kubectl(['delete', 'namespace', benchNamespace, '--ignore-not-found', '--timeout=50s']);
}
