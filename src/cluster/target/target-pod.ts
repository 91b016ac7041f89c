import type { ApiClient } from '../api/api-client.ts';
import { isNotFound } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { findReadySince, isPodReady } from '../api/objects/pod-readiness.ts';
import { cronJobs, namespaces, pods } from '../api/resources.ts';
import { discoverTarget } from './kinds/discovered-workload.ts';
import { getPodSelector } from './kinds/pod-selector.ts';
import type { TargetName } from './target-name.ts';
import { describeResource, type WorkloadKind } from './kinds/workload-kinds.ts';

const jobWorkload: WorkloadKind = { resource: 'jobs', apiVersion: 'batch/v1', podsBy: 'selector' };

/**
 * Finds the pod that a target names: a pod itself, or the pod of a workload that `kubectl exec` would pick.
 * @throws Failure `targetInvalid` (a kind that the API server does not have), `targetNotFound`, `targetNotReady`, `connection`, `timeout`; ApiError; what aborted the signal.
 */
export async function findTargetPod(
  api: ApiClient,
  target: Exclude<TargetName, { kind: 'node' }>,
  signal: AbortSignal,
): Promise<Pod> {
  const { namespace } = api.connection;
  const known = target.kind === 'resource' ? await discoverTarget(api, target, signal) : target;
  const { name } = known;
  if (known.kind === 'pod') return getPod(api, namespace, name, signal);
  const { workload } = known;
  try {
    if (workload.podsBy === 'jobs') return await findCronJobPod(api, name, signal);
    return await findSelectedPod(api, workload, name, signal);
  } catch (error) {
    throw await explainMissing(api, error, { kind: describeResource(workload), name, namespace }, signal);
  }
}

async function findSelectedPod(
  api: ApiClient,
  workload: WorkloadKind,
  name: string,
  signal: AbortSignal,
): Promise<Pod> {
  const { namespace } = api.connection;
  const selector = await getPodSelector(api, workload, name, signal);
  const { items } = await api.get({ ...pods.list(namespace), query: { labelSelector: selector }, signal });
  const best = pickPod(items);
  if (best) return best;
  throw new Failure(
    'targetNotReady',
    `${describeResource(workload)}/${name} has no ${items.length === 0 ? '' : 'running '}pod in the namespace "${namespace}"`,
    `Its pods: \`kubectl get pods -n ${namespace} -l '${selector}'\`.`,
  );
}

/** Finds the pod of the Job that a CronJob has running, of the youngest when there are several. */
async function findCronJobPod(api: ApiClient, name: string, signal: AbortSignal): Promise<Pod> {
  const { namespace } = api.connection;
  const { spec, status } = await api.get({ ...cronJobs.get(namespace, name), signal });
  // The controller adds each Job at the end: https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/cronjob/cronjob_controllerv2.go
  for (const job of status.active.toReversed()) {
    try {
      return await findSelectedPod(api, jobWorkload, job.name, signal);
    } catch (error) {
      // It has ended in the meantime, or its pod has.
      const isGone = isNotFound(error) || (error instanceof Failure && /^targetNot/.test(error.code));
      if (!isGone) throw error;
    }
  }
  const last =
    status.lastScheduleTime === null ? 'none was made yet' : `the last was due at ${status.lastScheduleTime}`;
  throw new Failure(
    'targetNotReady',
    `cronjobs/${name} has no running Job in the namespace "${namespace}": ${last}${spec.suspend ? '; it is suspended' : ''}`,
    `To run one now: \`kubectl create job --from=cronjob/${name} -n ${namespace} NAME\`, then the target is job/NAME.`,
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
