import { Failure } from '../../failure/failure.ts';

/** A workload whose pods are found by its selector. */
export interface WorkloadKind {
  /** Plural name, as in the API server's paths. */
  resource: string;
  /** `v1`, `apps/v1`, … */
  apiVersion: string;
}

/** What a TARGET on the command line names. */
export type TargetName =
  | { kind: 'pod'; name: string }
  | { kind: 'node'; name: string }
  | { kind: 'workload'; workload: WorkloadKind; name: string };

const workloads: { names: string[]; workload: WorkloadKind }[] = [
  {
    names: ['deployment', 'deployments', 'deploy', 'deployments.apps', 'deployment.apps'],
    workload: { resource: 'deployments', apiVersion: 'apps/v1' },
  },
  {
    names: ['statefulset', 'statefulsets', 'sts', 'statefulsets.apps', 'statefulset.apps'],
    workload: { resource: 'statefulsets', apiVersion: 'apps/v1' },
  },
  {
    names: ['daemonset', 'daemonsets', 'ds', 'daemonsets.apps', 'daemonset.apps'],
    workload: { resource: 'daemonsets', apiVersion: 'apps/v1' },
  },
  {
    names: ['replicaset', 'replicasets', 'rs', 'replicasets.apps', 'replicaset.apps'],
    workload: { resource: 'replicasets', apiVersion: 'apps/v1' },
  },
  {
    names: ['job', 'jobs', 'jobs.batch', 'job.batch'],
    workload: { resource: 'jobs', apiVersion: 'batch/v1' },
  },
  { names: ['service', 'services', 'svc'], workload: { resource: 'services', apiVersion: 'v1' } },
];
/** More than Kubernetes allows: a name only must not leave its place in a path. */
const namePattern = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** The kinds of targets, each by its full name. */
export const targetKinds = ['pod', 'node', ...workloads.map(({ names }) => names[0] as string)];

/**
 * Parses POD, KIND/NAME or node/NAME, with kubectl's short names of kinds.
 * @throws Failure `targetInvalid`.
 */
export function parseTargetName(text: string): TargetName {
  const slash = text.indexOf('/');
  const kind = slash < 0 ? 'pod' : text.slice(0, slash).toLowerCase();
  const name = text.slice(slash + 1);
  if (!namePattern.test(name)) {
    throw new Failure(
      'targetInvalid',
      `"${text}" is not a valid target`,
      'A target is POD, KIND/NAME or node/NAME.',
    );
  }
  if (['pod', 'pods', 'po'].includes(kind)) return { kind: 'pod', name };
  if (['node', 'nodes', 'no'].includes(kind)) return { kind: 'node', name };
  const found = workloads.find(({ names }) => names.includes(kind));
  if (found) return { kind: 'workload', workload: found.workload, name };
  throw new Failure(
    'targetInvalid',
    `"${kind}" is not a kind of target`,
    `Kinds: ${targetKinds.join(', ')}.`,
  );
}
