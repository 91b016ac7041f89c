import * as z from 'zod';
import type { ApiClient } from '../../api/api-client.ts';
import { ApiError, isNotFound } from '../../api/api-error.ts';
import { labelSelectorSchema, scaleSchema } from '../../api/objects/kubernetes-objects.ts';
import { describeNamespaced } from '../../api/resources.ts';
import { Failure } from '../../../failure/failure.ts';
import { describeResource, type WorkloadKind } from './workload-kinds.ts';

/** An object whose spec has a selector of some shape. */
const selectingSchema = z.object({
  spec: z.object({ selector: z.unknown().optional() }).loose().nullish(),
});
const labelsSchema = z.record(z.string(), z.string());

/**
 * Finds what selects the pods of an object.
 * @returns a selector, as a list of pods takes it.
 * @throws Failure `targetNotFound` when the object has none; ApiError; Failure `connection`, `timeout`; what aborted the
 *   signal.
 */
export async function getPodSelector(
  api: ApiClient,
  workload: WorkloadKind,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const { namespace } = api.connection;
  const { resource, apiVersion, podsBy } = workload;
  let refusal: ApiError | null = null;
  if (podsBy === 'scale') {
    try {
      const request = describeNamespaced(apiVersion, resource, scaleSchema).getSubresource(
        namespace,
        name,
        'scale',
      );
      const { status } = await api.get({ ...request, signal });
      if (status.selector !== '') return status.selector;
    } catch (error) {
      // The object itself may do: a user may have no right for its scale, and the API server makes no scale of an object
      // without replicas. Of an object that is not there, the next request tells.
      if (!(error instanceof ApiError)) throw error;
      if (!isNotFound(error)) refusal = error;
    }
  }
  const request = describeNamespaced(apiVersion, resource, selectingSchema).get(namespace, name);
  const { spec } = await api.get({ ...request, signal });
  const selector = formatAnySelector(spec?.selector, podsBy);
  // An empty selector would select every pod of the namespace.
  if (selector !== '') return selector;
  if (refusal !== null) throw refusal;
  throw new Failure(
    'targetNotFound',
    `${describeResource(workload)}/${name} selects no pods`,
    'A target that is not a pod has its pods by a selector: in its scale subresource, or in spec.selector.',
  );
}

function formatAnySelector(value: unknown, podsBy: WorkloadKind['podsBy']): string {
  const labels = labelsSchema.safeParse(value);
  // A label can't be called so by itself: an empty object of that name is a selector's.
  if (labels.success && podsBy !== 'selector') return formatLabels(labels.data);
  const selector = labelSelectorSchema.safeParse(value);
  return selector.success ? formatSelector(selector.data) : '';
}

/** Formats a selector for the query of a list: `app=web,tier in (a,b)`; empty when it selects all pods. */
export function formatSelector({
  matchLabels,
  matchExpressions,
}: z.infer<typeof labelSelectorSchema>): string {
  const expressions = matchExpressions.map(({ key, operator, values }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [formatLabels(matchLabels), ...expressions].filter((part) => part !== '').join(',');
}

function formatLabels(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
