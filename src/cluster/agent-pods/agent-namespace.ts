import * as z from 'zod';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';

/** What an administrator runs once, before the first use. */
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
        // Agents are privileged; Pod Security would refuse them elsewhere.
        'pod-security.kubernetes.io/enforce': 'privileged',
        'pod-security.kubernetes.io/audit': 'privileged',
        'pod-security.kubernetes.io/warn': 'privileged',
        // OpenShift would write these labels, too.
        'security.openshift.io/scc.podSecurityLabelSync': 'false',
      },
    },
  };
}

/** Makes the namespace for agents; one that is there is left as it is. */
export async function createAgentNamespace(api: ApiClient, name: string, signal: AbortSignal): Promise<void> {
  try {
    await api.request({
      method: 'POST',
      path: 'api/v1/namespaces',
      body: describeAgentNamespace(name),
      schema: z.unknown(),
      access: { verb: 'create', resource: 'namespaces', namespace: null },
      signal,
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
  }
}
