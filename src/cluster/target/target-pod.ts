import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';
import {
  listOf,
  namespaceSchema,
  type Pod,
  podSchema,
  selectedSchema,
  serviceSchema,
} from '../api/kubernetes-objects.ts';
import { findReadySince, isPodReady } from '../api/pod-readiness.ts';
import type { TargetName, WorkloadKind } from './target-name.ts';

/**
 * Finds the pod that a target names.
 * @throws Failure `targetNotFound`, `targetNotReady`, ApiError.
 */
export async function findTargetPod(
  api: ApiClient,
  target: Exclude<TargetName, { kind: 'node' }>,
  signal: AbortSignal,
): Promise<Pod> {
  const { namespace } = api.connection;
  if (target.kind === 'pod') return getPod(api, namespace, target.name, signal);
  const { workload, name } = target;
  const selector = await getSelector(api, workload, name, signal);
  const { items } = await api.get({
    path: `api/v1/namespaces/${namespace}/pods`,
    query: { labelSelector: selector },
    schema: listOf(podSchema),
    access: { verb: 'list', resource: 'pods', namespace },
    signal,
  });
  const best = pickPod(items);
  if (best) return best;
  throw new Failure(
    items.length === 0 ? 'targetNotFound' : 'targetNotReady',
    `${workload.resource}/${name} has no ${items.length === 0 ? '' : 'running '}pod in the namespace "${namespace}"`,
    `Its pods: \`kubectl get pods -n ${namespace} -l '${selector}'\`.`,
  );
}

/** @throws Failure `targetNotFound`, ApiError. */
export async function getPod(
  api: ApiClient,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<Pod> {
  try {
    return await api.get({
      path: `api/v1/namespaces/${namespace}/pods/${name}`,
      schema: podSchema,
      access: { verb: 'get', resource: 'pods', namespace },
      signal,
    });
  } catch (error) {
    throw await explainMissing(api, error, { kind: 'pod', name, namespace }, signal);
  }
}

/** The pod that `kubectl exec` would pick: running, ready, and that for longest. */
export function pickPod(pods: Pod[]): Pod | null {
  const candidates = pods.filter(
    ({ metadata, status }) => status.phase === 'Running' && metadata.deletionTimestamp === null,
  );
  const [best] = candidates.toSorted(
    (one, other) =>
      Number(isPodReady(other)) - Number(isPodReady(one)) ||
      compare(findReadySince(one), findReadySince(other)),
  );
  return best ?? null;
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

async function getSelector(
  api: ApiClient,
  { resource, apiVersion }: WorkloadKind,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const { namespace } = api.connection;
  const [group] = apiVersion.split('/');
  const isCore = apiVersion === 'v1';
  const request = {
    path: `${isCore ? 'api' : 'apis'}/${apiVersion}/namespaces/${namespace}/${resource}/${name}`,
    access: { verb: 'get', resource: isCore ? resource : `${resource}.${group}`, namespace },
    signal,
  };
  try {
    const selector =
      resource === 'services'
        ? formatLabels((await api.get({ ...request, schema: serviceSchema })).spec.selector ?? {})
        : formatSelector((await api.get({ ...request, schema: selectedSchema })).spec.selector);
    // An empty one would select every pod of the namespace.
    if (selector === '') throw new Failure('targetNotFound', `${resource}/${name} selects no pods`);
    return selector;
  } catch (error) {
    throw await explainMissing(api, error, { kind: resource, name, namespace }, signal);
  }
}

type Selector = NonNullable<(typeof selectedSchema)['_output']['spec']['selector']>;

/** @returns a selector as the query of a list takes it. */
export function formatSelector(selector: Selector | null | undefined): string {
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [formatLabels(selector?.matchLabels ?? {}), ...expressions].filter((part) => part !== '').join(',');
}

function formatLabels(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

async function explainMissing(
  api: ApiClient,
  error: unknown,
  { kind, name, namespace }: { kind: string; name: string; namespace: string },
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof ApiError) || error.status !== 404) return error;
  const what = (await isNamespaceMissing(api, namespace, signal))
    ? `the namespace "${namespace}" of ${kind} "${name}" does not exist`
    : `${kind} "${name}" was not found in the namespace "${namespace}"`;
  const hint = 'Another namespace is given with -n, another cluster with --context.';
  return new Failure('targetNotFound', what, hint, { cause: error });
}

/** The answer for the target is the same. Not everyone may look: then it is not known. */
async function isNamespaceMissing(api: ApiClient, namespace: string, signal: AbortSignal): Promise<boolean> {
  try {
    await api.get({
      path: `api/v1/namespaces/${namespace}`,
      schema: namespaceSchema,
      access: { verb: 'get', resource: 'namespaces', namespace: null },
      signal,
    });
    return false;
  } catch (error) {
    return error instanceof ApiError && error.status === 404;
  }
}
