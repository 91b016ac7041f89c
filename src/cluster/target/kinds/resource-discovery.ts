import type { ApiClient } from '../../api/api-client.ts';
import { discovery } from '../../api/resources.ts';
import type { DiscoveryAnswer, ResourceList } from '../../api/objects/discovery-objects.ts';

/** A resource that an API server has. */
export interface DiscoveredResource {
  /** Plural name, as in the API server's paths. */
  resource: string;
  /** `v1`, `apps/v1`, … */
  apiVersion: string;
  /** In lower case: its plural and singular names, its kind. */
  names: string[];
  shortNames: string[];
  isNamespaced: boolean;
  hasScale: boolean;
}

/**
 * Asks an API server for all of its resources, by aggregated discovery: two requests. A server without it, older than
 * Kubernetes 1.27, is asked group by group.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
 * @returns in the API server's order: the first of two resources of one name is the one that kubectl takes.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function discoverResources(api: ApiClient, signal: AbortSignal): Promise<DiscoveredResource[]> {
  const answers = await Promise.all(
    [discovery.core, discovery.groups].map((request) => api.get({ ...request, signal })),
  );
  return (await Promise.all(answers.map((answer) => readAnswer(api, answer, signal)))).flat();
}

async function readAnswer(
  api: ApiClient,
  answer: DiscoveryAnswer,
  signal: AbortSignal,
): Promise<DiscoveredResource[]> {
  if (answer.kind === 'APIGroupDiscoveryList')
    return answer.items.flatMap(({ metadata, versions }) =>
      versions.flatMap(({ version, resources }) =>
        resources.map((one) => ({
          resource: one.resource,
          apiVersion: joinApiVersion(metadata.name, version),
          names: listNames(one.resource, one.singularResource, one.responseKind?.kind),
          shortNames: one.shortNames,
          isNamespaced: one.scope === 'Namespaced',
          hasScale: one.subresources.some(({ subresource }) => subresource === 'scale'),
        })),
      ),
    );
  const apiVersions =
    answer.kind === 'APIVersions'
      ? answer.versions
      : answer.groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion));
  const lists = await Promise.all(
    apiVersions.map(async (apiVersion) => {
      // A group whose own server is away hides none of the others.
      const list = await api.get({ ...discovery.version(apiVersion), signal }).catch(() => {
        signal.throwIfAborted();
        return { resources: [] };
      });
      return readList(apiVersion, list);
    }),
  );
  return lists.flat();
}

function readList(apiVersion: string, { resources }: ResourceList): DiscoveredResource[] {
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, singularName, kind, shortNames, namespaced }) => ({
      resource: name,
      apiVersion,
      names: listNames(name, singularName, kind),
      shortNames,
      isNamespaced: namespaced,
      hasScale: resources.some((other) => other.name === `${name}/scale`),
    }));
}

function joinApiVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

function listNames(...names: (string | undefined)[]): string[] {
  return names
    .filter((name) => name !== undefined && name !== '')
    .map((name) => (name as string).toLowerCase());
}
