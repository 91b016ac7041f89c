import { hasPodEnded } from '../api/objects/pod-phase.ts';
import * as z from 'zod';
import type { ApiClient } from '../api/api-client.ts';
import { listOf } from '../api/objects/kubernetes-objects.ts';
import { describeNamespaced, namespaces, nodes, pods, type ResourceRequest } from '../api/resources.ts';
import { discoverTarget } from './kinds/discovered-workload.ts';
import type { TargetName } from './target-name.ts';

/** More than anyone chooses from by name; the API server need not read the rest. */
const maxNames = 500;

const namedSchema = z.object({ metadata: z.object({ name: z.string() }) });
const namedPodSchema = namedSchema.extend({
  status: z.object({ phase: z.string().default('') }).prefault({}),
});

/**
 * Lists the names of all targets of a kind; pods that have ended are left out.
 * @param kind a parsed target, of which only the kind matters.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function listTargetNames(
  api: ApiClient,
  kind: TargetName,
  signal: AbortSignal,
): Promise<string[]> {
  const { namespace } = api.connection;
  const known = kind.kind === 'resource' ? await discoverTarget(api, kind, signal) : kind;
  switch (known.kind) {
    case 'node':
      return listNames(api, nodes.list(), signal);
    case 'workload': {
      const { resource, apiVersion } = known.workload;
      return listNames(api, describeNamespaced(apiVersion, resource, namedSchema).list(namespace), signal);
    }
    case 'pod': {
      const { items } = await api.get({
        ...pods.list(namespace),
        query: { limit: String(maxNames) },
        schema: listOf(namedPodSchema),
        signal,
      });
      // Pending pods too: their init containers may run.
      const alive = items.filter(({ status }) => !hasPodEnded(status));
      return alive.map(({ metadata }) => metadata.name);
    }
  }
}

/**
 * Lists the names of all namespaces.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export function listNamespaceNames(api: ApiClient, signal: AbortSignal): Promise<string[]> {
  return listNames(api, namespaces.list(), signal);
}

async function listNames(
  api: ApiClient,
  request: ResourceRequest<z.ZodType>,
  signal: AbortSignal,
): Promise<string[]> {
  const query = { limit: String(maxNames) };
  const { items } = await api.get({ ...request, query, schema: listOf(namedSchema), signal });
  return items.map(({ metadata }) => metadata.name);
}
