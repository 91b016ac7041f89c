import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import { namespaces } from '../api/resources.ts';

/** The command that an administrator runs once, before the first use. */
export const applyManifests = 'kubectl crashcart manifests | kubectl apply -f -';

/** Describes the namespace for agents, as manifests/namespace.yaml does. */
export function describeAgentNamespace(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: {
        'app.kubernetes.io/name': 'crashcart',
        // Agents are privileged: Pod Security refuses them at any other level.
        'pod-security.kubernetes.io/enforce': 'privileged',
        'pod-security.kubernetes.io/audit': 'privileged',
        'pod-security.kubernetes.io/warn': 'privileged',
        // Keeps OpenShift from overwriting these labels.
        'security.openshift.io/scc.podSecurityLabelSync': 'false',
      },
    },
  };
}

/**
 * Makes the namespace for agents. A namespace that exists is left as it is.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function createAgentNamespace(api: ApiClient, name: string, signal: AbortSignal): Promise<void> {
  try {
    await api.request({ ...namespaces.create(), body: describeAgentNamespace(name), signal });
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
  }
}
