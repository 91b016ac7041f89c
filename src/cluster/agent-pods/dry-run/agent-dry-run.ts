import * as z from 'zod';
import type { AgentJobManifest } from '../agent-spec.ts';
import type { ApiAnswer, ApiClient } from '../../api/api-client.ts';
import { events, jobs, namespaces, pods, type ResourceRequest, strictFields } from '../../api/resources.ts';

/** How the objects of a session are created, by kind. */
const creations: Record<string, (namespace: string) => ResourceRequest<z.ZodType>> = {
  Namespace: namespaces.create,
  Job: jobs.create,
  Event: events.create,
  Pod: pods.create,
};
const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ namespace: z.string().optional() }),
});
const suspendedSchema = z.looseObject({ spec: z.looseObject({ suspend: z.literal(true) }) });
/** An object as manifests have it. */
export type Manifest = z.infer<typeof manifestSchema>;

/**
 * Describes the pod that the cluster would make of an agent's Job, under a name that no pod can have. A dry run can't
 * show what policies decide for the Job controller alone.
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
 * Whether a Job is answered as suspended: then something in admission holds Jobs back.
 * @param job the answer to its creation, or to a dry run of that.
 */
export function isSuspended(job: Manifest): boolean {
  return suspendedSchema.safeParse(job).success;
}

/**
 * Lets the API server do all but store an object: admission, quota and defaults.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
 * @returns the object as it would be stored, and the API server's warnings.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function dryRun(
  api: ApiClient,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<ApiAnswer<Manifest>> {
  const describeCreation = creations[manifest.kind];
  if (!describeCreation) throw new TypeError(`a dry run of a ${manifest.kind} is not supported`);
  return await api.request({
    ...describeCreation(manifest.metadata.namespace ?? ''),
    schema: manifestSchema,
    query: { dryRun: 'All', ...strictFields },
    body: manifest,
    signal,
  });
}
