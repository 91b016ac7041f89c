import { hasPodEnded } from '../api/objects/pod-phase.ts';
import * as z from 'zod';
import type { ApiClient } from '../api/api-client.ts';
import { getErrorMessage } from '../../failure/error-message.ts';
import { ApiError } from '../api/api-error.ts';
import type { listOf } from '../api/objects/kubernetes-objects.ts';
import { describeNamespaced, type ResourceRequest } from '../api/resources.ts';

/** A name is worth a moment, and no more. */
const limitMs = 5000;
/** What is listed of each resource: a large cluster has more than a file of packets needs. */
const maxObjects = 5000;

const metadataSchema = z.object({ name: z.string(), namespace: z.string().default('') });
const addressesSchema = z.array(z.object({ ip: z.string().default('') })).default([]);
const addressedPods = describeNamespaced(
  'v1',
  'pods',
  z.object({
    metadata: metadataSchema,
    spec: z.object({ nodeName: z.string().default('') }).prefault({}),
    status: z
      .object({ phase: z.string().default(''), podIPs: addressesSchema, hostIPs: addressesSchema })
      .prefault({}),
  }),
);
const services = describeNamespaced(
  'v1',
  'services',
  z.object({
    metadata: metadataSchema,
    spec: z.object({ clusterIPs: z.array(z.string()).default([]) }).prefault({}),
  }),
);

/** What Kubernetes calls the addresses that packets have. */
export interface AddressNames {
  /** Names by address, as text. */
  names: Map<string, Set<string>>;
  /** What could not be listed, in sentences. */
  missing: string[];
}

/**
 * Lists the addresses of pods, services and nodes: of all namespaces where the user may list them, else of those given.
 * @throws what aborted the signal. Everything else that fails is told in `missing`.
 */
export async function listAddressNames(
  api: ApiClient,
  namespaces: string[],
  signal: AbortSignal,
): Promise<AddressNames> {
  const names = new Map<string, Set<string>>();
  const missing: string[] = [];
  const add = (address: string, name: string) => {
    if (address !== '' && address !== 'None') names.set(address, (names.get(address) ?? new Set()).add(name));
  };
  const [foundPods, foundServices] = await Promise.all([
    listAnywhere(api, addressedPods, namespaces, missing, signal),
    listAnywhere(api, services, namespaces, missing, signal),
  ]);
  const hosts = new Set<string>();
  for (const { spec, status } of foundPods) {
    for (const { ip } of status.hostIPs) {
      if (spec.nodeName === '') continue;
      hosts.add(ip);
      add(ip, spec.nodeName);
    }
  }
  for (const { metadata, status } of foundPods) {
    // Another pod may have its address by now.
    if (hasPodEnded(status)) continue;
    for (const { ip } of status.podIPs) {
      // A pod on the node's network has the node's address, as others there have.
      if (!hosts.has(ip)) add(ip, `${metadata.name}.${metadata.namespace}.pod`);
    }
  }
  for (const { metadata, spec } of foundServices)
    for (const ip of spec.clusterIPs) add(ip, `${metadata.name}.${metadata.namespace}.svc`);
  return { names, missing };
}

async function listAnywhere<Schema extends z.ZodType>(
  api: ApiClient,
  resource: { list: (namespace: string | null) => ResourceRequest<ReturnType<typeof listOf<Schema>>> },
  namespaces: string[],
  missing: string[],
  signal: AbortSignal,
): Promise<z.infer<Schema>[]> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const list = async (namespace: string | null) => {
    const query = { limit: String(maxObjects) };
    const { items, metadata } = await api.get({ ...resource.list(namespace), query, signal: limited });
    if (metadata.continue !== '')
      missing.push(`only the first ${maxObjects} ${resource.list(null).access.resource} have names`);
    return items;
  };
  try {
    return await list(null).catch(async (error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      return (await Promise.all(namespaces.map(list))).flat();
    });
  } catch (error) {
    signal.throwIfAborted();
    missing.push(
      `addresses of ${resource.list(null).access.resource} have no names: ${getErrorMessage(error)}`,
    );
    return [];
  }
}
