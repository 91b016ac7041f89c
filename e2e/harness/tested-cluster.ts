import { getClusterState } from '../cluster/cluster-state.ts';

/** Names the kubeconfig of a cluster that exists; run-e2e.ts sets the variable for `--context`. */
export const kubeconfigVariable = 'CRASHCART_E2E_KUBECONFIG';

/** What a test may use of any cluster: of the built-in one, or of one that exists. */
export interface TestedCluster {
  /** JSON, with one context and without references to other files. */
  kubeconfig: string;
  /** Folder of the cluster's kubectl; null: kubectl is on PATH. */
  binaries: string | null;
}

/** @returns the cluster that the tests run on. @throws when there is neither a context nor a built-in cluster. */
export async function getTestedCluster(): Promise<TestedCluster> {
  const kubeconfig = process.env[kubeconfigVariable];
  if (kubeconfig !== undefined) return { kubeconfig, binaries: null };
  return await getClusterState();
}
