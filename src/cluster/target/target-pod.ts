import type { ApiClient } from '../api/api-client.ts';
import { isNotFound } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';
import { type Pod, selectedSchema, serviceSchema } from '../api/objects/kubernetes-objects.ts';
import { findReadySince, isPodReady } from '../api/objects/pod-readiness.ts';
import { describeNamespaced, namespaces, pods } from '../api/resources.ts';
import type { TargetName, WorkloadKind } from './target-name.ts';

/**
 * Finds the pod that a target names: a pod itself, or the pod of a workload that `kubectl exec` would pick.
 * @throws Failure `targetNotFound`, `targetNotReady`, `connection`, `timeout`; ApiError; what aborted the signal.
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
    ...pods.list(namespace),
    query: { labelSelector: selector },
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

async function getPod(api: ApiClient, namespace: string, name: string, signal: AbortSignal): Promise<Pod> {
  try {
    return await api.get({ ...pods.get(namespace, name), signal });
  } catch (error) {
    throw await explainMissing(api, error, { kind: 'pod', name, namespace }, signal);
  }
}

/**
 * Picks the pod that `kubectl exec` would pick: a running one, preferably ready, and ready for the longest time.
 * @returns null when no pod runs.
 */
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
  const request = {
    ...describeNamespaced(apiVersion, resource, selectedSchema).get(namespace, name),
    signal,
  };
  try {
    const selector =
      resource === 'services'
        ? formatLabels((await api.get({ ...request, schema: serviceSchema })).spec.selector ?? {})
        : formatSelector((await api.get(request)).spec.selector);
    // An empty selector would select every pod of the namespace.
    if (selector === '') throw new Failure('targetNotFound', `${resource}/${name} selects no pods`);
    return selector;
  } catch (error) {
    throw await explainMissing(api, error, { kind: resource, name, namespace }, signal);
  }
}

type Selector = NonNullable<(typeof selectedSchema)['_output']['spec']['selector']>;

/** Formats a selector for the query of a list: `app=web,tier in (a,b)`; empty when it selects all pods. */
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
  if (!isNotFound(error)) return error;
  const what = (await isNamespaceMissing(api, namespace, signal))
    ? `the namespace "${namespace}" of ${kind} "${name}" does not exist`
    : `${kind} "${name}" was not found in the namespace "${namespace}"`;
  const hint = 'Give another namespace with -n, or another cluster with --context.';
  return new Failure('targetNotFound', what, hint, { cause: error });
}

/** The API server answers alike for both. A user who may not read the namespace is told that the target is missing. */
async function isNamespaceMissing(api: ApiClient, namespace: string, signal: AbortSignal): Promise<boolean> {
  try {
    await api.get({ ...namespaces.get(namespace), signal });
    return false;
  } catch (error) {
    return isNotFound(error);
  }
}
