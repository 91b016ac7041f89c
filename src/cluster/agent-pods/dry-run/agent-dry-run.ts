import * as z from 'zod';
import type { AgentJobManifest } from '../agent-spec.ts';
import type { ApiAnswer, ApiClient } from '../../api/api-client.ts';

/** Where the objects of a session are made. */
const places: Record<string, { path: (namespace: string) => string; resource: string }> = {
  Namespace: { path: () => 'api/v1/namespaces', resource: 'namespaces' },
  Job: { path: (namespace) => `apis/batch/v1/namespaces/${namespace}/jobs`, resource: 'jobs.batch' },
  Event: { path: (namespace) => `api/v1/namespaces/${namespace}/events`, resource: 'events' },
  Pod: { path: (namespace) => `api/v1/namespaces/${namespace}/pods`, resource: 'pods' },
};
const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ namespace: z.string().optional() }),
});
/** An object as a manifest has it. */
export type Manifest = z.infer<typeof manifestSchema>;

/**
 * Describes the pod that the cluster would make of an agent's Job. It has no name of a pod that could exist.
 * What depends on who makes it, as policies for the Job controller alone do, a dry run can't tell.
 */
export function describeAgentPod({ metadata, spec }: AgentJobManifest): Manifest {
  const { template } = spec;
  const { name, namespace } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, name: `${name}-dry-run`, namespace },
    spec: template.spec,
  };
}

/**
 * Has the API server do all but store an object: admission, quota and defaults.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
 * @returns it as it would be stored, and what the API server warns of.
 * @throws ApiError, Failure `connection`, `timeout`.
 */
export async function dryRun(
  api: ApiClient,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<ApiAnswer<Manifest>> {
  const place = places[manifest.kind];
  if (!place) throw new TypeError(`nothing is known of a ${manifest.kind}`);
  const { namespace = null } = manifest.metadata;
  return await api.request({
    method: 'POST',
    path: place.path(namespace ?? ''),
    query: { dryRun: 'All' },
    body: manifest,
    schema: manifestSchema,
    access: { verb: 'create', resource: place.resource, namespace },
    signal,
  });
}
