import * as z from 'zod';
import type { ApiClient } from '../api/api-client.ts';
import { listOf } from '../api/kubernetes-objects.ts';
import type { TargetName } from './target-name.ts';

/** More than anyone chooses from by name; the API server need not read the rest. */
const limit = 500;

const namedSchema = z.object({ metadata: z.object({ name: z.string() }) });
const namedPodSchema = namedSchema.extend({
  status: z.object({ phase: z.string().default('') }).prefault({}),
});

/**
 * Lists the names of all targets of a kind, of pods those that are not over.
 * @param kind as parsed of a target; its own name does not matter.
 * @throws ApiError, Failure `connection`, `timeout`.
 */
export async function listTargetNames(
  api: ApiClient,
  kind: TargetName,
  signal: AbortSignal,
): Promise<string[]> {
  const { namespace } = api.connection;
  switch (kind.kind) {
    case 'node':
      return listNames(api, 'api/v1/nodes', { verb: 'list', resource: 'nodes', namespace: null }, signal);
    case 'workload': {
      const { resource, apiVersion } = kind.workload;
      const path = `${apiVersion === 'v1' ? 'api' : 'apis'}/${apiVersion}/namespaces/${namespace}/${resource}`;
      return listNames(api, path, { verb: 'list', resource, namespace }, signal);
    }
    case 'pod': {
      const { items } = await api.get({
        path: `api/v1/namespaces/${namespace}/pods`,
        query: { limit: String(limit) },
        schema: listOf(namedPodSchema),
        access: { verb: 'list', resource: 'pods', namespace },
        signal,
      });
      // Pending ones too: their init containers may run.
      const alive = items.filter(({ status }) => !['Succeeded', 'Failed'].includes(status.phase));
      return alive.map(({ metadata }) => metadata.name);
    }
  }
}

/** Lists the namespaces. @throws ApiError, Failure `connection`, `timeout`. */
export function listNamespaceNames(api: ApiClient, signal: AbortSignal): Promise<string[]> {
  return listNames(
    api,
    'api/v1/namespaces',
    { verb: 'list', resource: 'namespaces', namespace: null },
    signal,
  );
}

async function listNames(
  api: ApiClient,
  path: string,
  access: { verb: string; resource: string; namespace: string | null },
  signal: AbortSignal,
): Promise<string[]> {
  const query = { limit: String(limit) };
  const { items } = await api.get({ path, query, schema: listOf(namedSchema), access, signal });
  return items.map(({ metadata }) => metadata.name);
}
