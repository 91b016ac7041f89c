import { Failure } from '../../../failure/failure.ts';
import type { ApiClient } from '../../api/api-client.ts';
import { pods } from '../../api/resources.ts';

/** Enough to say where pods are; the API server need not read the rest. */
const maxPods = 500;
const maxNamespaces = 5;

/** A search that has found nothing. */
export interface EmptySearch {
  selector: string;
  /** null: all namespaces. */
  namespace: string | null;
  /** How many pods match that have ended. */
  endedPods: number;
}

/**
 * Describes that a selector matches no pod: where was searched, and where pods would match, if the user may see that.
 * @returns Failure `targetNotFound`.
 * @throws what aborted the signal.
 */
export async function describeNoMatch(
  api: ApiClient,
  { selector, namespace, endedPods }: EmptySearch,
  signal: AbortSignal,
): Promise<Failure> {
  const where = namespace === null ? 'any namespace' : `the namespace "${namespace}"`;
  const what =
    endedPods === 0
      ? `no pod matches "${selector}" in ${where}`
      : `no pod that runs matches "${selector}" in ${where}: ${endedPods === 1 ? 'one has' : `${endedPods} have`} ended`;
  if (namespace === null)
    return new Failure('targetNotFound', what, 'Labels: `kubectl get pods -A --show-labels`.');
  const elsewhere = await countElsewhere(api, selector, signal);
  if (elsewhere === null || elsewhere.size === 0)
    return new Failure('targetNotFound', what, `Labels: \`kubectl get pods -n ${namespace} --show-labels\`.`);
  const named = [...elsewhere].slice(0, maxNamespaces);
  const more = elsewhere.size > named.length ? `, and ${elsewhere.size - named.length} more` : '';
  const list = named.map(([name, count]) => `"${name}" (${count})`).join(', ');
  return new Failure(
    'targetNotFound',
    what,
    `Pods match in other namespaces: ${list}${more}. Give one with -n, or all with -A.`,
  );
}

/** @returns how many pods match, by namespace; null when the user may not see that. */
async function countElsewhere(
  api: ApiClient,
  selector: string,
  signal: AbortSignal,
): Promise<Map<string, number> | null> {
  try {
    const query = { labelSelector: selector, limit: String(maxPods) };
    const { items } = await api.get({ ...pods.list(null), query, signal });
    const groups = Map.groupBy(items, ({ metadata }) => metadata.namespace);
    return new Map([...groups].map(([name, each]) => [name, each.length]));
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
