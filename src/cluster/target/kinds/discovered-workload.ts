import type { ApiClient } from '../../api/api-client.ts';
import { Failure } from '../../../failure/failure.ts';
import { type DiscoveredResource, discoverResources } from './resource-discovery.ts';
import {
  type KnownTarget,
  findBuiltInWorkload,
  isKind,
  nameResource,
  splitApiVersion,
  targetKinds,
} from './workload-kinds.ts';

/**
 * Asks the API server what a kind is that is not built in.
 * @throws Failure `targetInvalid` when it has no such kind, or one whose objects are in no namespace; ApiError, Failure
 *   `connection`, `timeout`; what aborted the signal.
 */
export async function discoverTarget(
  api: ApiClient,
  { type, name }: { type: string; name: string },
  signal: AbortSignal,
): Promise<KnownTarget> {
  const found = findResource(await discoverResources(api, signal), type);
  if (found === null) {
    throw new Failure(
      'targetInvalid',
      `the server doesn't have a resource type "${type}"`,
      `Kinds of targets: ${targetKinds.join(', ')}, and all with a scale subresource or a selector: \`kubectl api-resources\`.`,
    );
  }
  const { resource, apiVersion, isNamespaced, hasScale } = found;
  const fullName = nameResource(resource, apiVersion);
  if (!isNamespaced) {
    throw new Failure(
      'targetInvalid',
      `"${type}/${name}" has no pods: objects of ${fullName} are in no namespace`,
      `Kinds of targets: ${targetKinds.join(', ')}, and all with a scale subresource or a selector.`,
    );
  }
  if (fullName === 'pods') return { kind: 'pod', name };
  const builtIn = findBuiltInWorkload(fullName);
  const workload =
    builtIn?.apiVersion === apiVersion
      ? builtIn
      : ({ resource, apiVersion, podsBy: hasScale ? 'scale' : 'unknown' } as const);
  return { kind: 'workload', workload, name };
}

/**
 * Finds the resource that kubectl would take: the first of its name, with short names after full ones, and the beginning of a
 * group where no group has that name.
 * https://pkg.go.dev/k8s.io/apimachinery/pkg/api/meta#DefaultRESTMapper
 * @param type in lower case: NAME, NAME.GROUP or NAME.VERSION.GROUP.
 */
function findResource(resources: DiscoveredResource[], type: string): DiscoveredResource | null {
  const [name = '', ...rest] = type.split('.');
  const beginsGroup = ({ apiVersion }: DiscoveredResource) =>
    rest.length > 0 && splitApiVersion(apiVersion)[0].startsWith(rest.join('.'));
  return (
    resources.find(({ names, apiVersion }) => isKind(type, names, apiVersion)) ??
    resources.find(({ shortNames, apiVersion }) => isKind(type, shortNames, apiVersion)) ??
    resources.find((one) => [...one.names, ...one.shortNames].includes(name) && beginsGroup(one)) ??
    null
  );
}
