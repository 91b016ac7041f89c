import type { ApiClient } from '../../api/api-client.ts';
import type { Pod } from '../../api/objects/kubernetes-objects.ts';
import { discoverTarget } from './discovered-workload.ts';
import { getPodSelector } from './pod-selector.ts';
import type { TargetName } from '../target-name.ts';

/** How the pods of a target are listed and watched. */
export interface PodQuery {
  query: Record<string, string>;
  /** Whether a pod that the query brings is the target's. */
  isOfTarget: (pod: Pod) => boolean;
  /** Whether it is one pod, by its name, and not whichever pod of a workload. */
  isOnePod: boolean;
}

const jobLabel = 'job-name';

/**
 * Finds how to list or watch the pods of a target.
 * @throws Failure `targetInvalid`, `targetNotFound`, `connection`, `timeout`; ApiError; what aborted the signal.
 */
export async function describePodQuery(
  api: ApiClient,
  target: Exclude<TargetName, { kind: 'node' }>,
  signal: AbortSignal,
): Promise<PodQuery> {
  const known = target.kind === 'resource' ? await discoverTarget(api, target, signal) : target;
  const { name } = known;
  if (known.kind === 'pod')
    return { query: { fieldSelector: `metadata.name=${name}` }, isOfTarget: () => true, isOnePod: true };
  // A CronJob has no selector. Its Jobs are called after it and the minute that they were due:
  // https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/cronjob/utils.go (getJobName)
  if (known.workload.podsBy === 'jobs') {
    const isOfTarget = ({ metadata }: Pod) => {
      const job = metadata.labels[jobLabel] ?? '';
      return job.startsWith(`${name}-`) && /^\d+$/.test(job.slice(name.length + 1));
    };
    return { query: { labelSelector: jobLabel }, isOfTarget, isOnePod: false };
  }
  const labelSelector = await getPodSelector(api, known.workload, name, signal);
  return { query: { labelSelector }, isOfTarget: () => true, isOnePod: false };
}
