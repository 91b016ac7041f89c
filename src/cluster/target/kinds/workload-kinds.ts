/** What a resource's pods are found by. */
export type PodSource =
  /** A label selector in `spec.selector`. */
  | 'selector'
  /** Labels in `spec.selector`. */
  | 'labels'
  /** The Jobs in `status.active`. */
  | 'jobs'
  /** Its `scale` subresource, or else as for `unknown`. */
  | 'scale'
  /** Whatever its object has. */
  | 'unknown';

/** A resource whose objects have pods. */
export interface WorkloadKind {
  /** Plural name, as in the API server's paths. */
  resource: string;
  /** `v1`, `apps/v1`, … */
  apiVersion: string;
  podsBy: PodSource;
}

/** A target whose kind is known, and that is in a pod. */
export type KnownTarget =
  { kind: 'pod'; name: string } | { kind: 'workload'; workload: WorkloadKind; name: string };

const builtIn: { names: string[]; workload: WorkloadKind }[] = [
  ['apps/v1', ['deployment', 'deployments', 'deploy'], 'selector'] as const,
  ['apps/v1', ['statefulset', 'statefulsets', 'sts'], 'selector'] as const,
  ['apps/v1', ['daemonset', 'daemonsets', 'ds'], 'selector'] as const,
  ['apps/v1', ['replicaset', 'replicasets', 'rs'], 'selector'] as const,
  ['v1', ['replicationcontroller', 'replicationcontrollers', 'rc'], 'labels'] as const,
  ['batch/v1', ['job', 'jobs'], 'selector'] as const,
  ['batch/v1', ['cronjob', 'cronjobs', 'cj'], 'jobs'] as const,
  ['v1', ['service', 'services', 'svc'], 'labels'] as const,
].map(([apiVersion, names, podsBy]) => ({
  names: [...names],
  workload: { resource: names[1], apiVersion, podsBy },
}));

/** The kinds of targets that the plugin knows without asking the API server, each by its full name. */
export const targetKinds = ['pod', 'node', ...builtIn.map(({ names }) => names[0] as string)];

/** @returns the workload of a built-in kind, as {@link isKind} reads names; null for any other. */
export function findBuiltInWorkload(type: string): WorkloadKind | null {
  const found = builtIn.find(({ names, workload }) => isKind(type, names, workload.apiVersion));
  return found?.workload ?? null;
}

/** @returns what messages call the objects: a custom resource with its group, which others may share the name of. */
export function describeResource({ resource, apiVersion, podsBy }: WorkloadKind): string {
  const isCustom = podsBy === 'scale' || podsBy === 'unknown';
  return isCustom ? nameResource(resource, apiVersion) : resource;
}

/** @returns a resource with its group, as kubectl and RBAC name it: `deployments.apps`, `pods`. */
export function nameResource(resource: string, apiVersion: string): string {
  const [group] = splitApiVersion(apiVersion);
  return group === '' ? resource : `${resource}.${group}`;
}

/**
 * Whether a word names a resource, as kubectl reads it: NAME, NAME.GROUP or NAME.VERSION.GROUP.
 * https://pkg.go.dev/k8s.io/apimachinery/pkg/runtime/schema#ParseResourceArg
 * @param type in lower case.
 * @param names plural, singular and short ones.
 */
export function isKind(type: string, names: string[], apiVersion: string): boolean {
  const [name = '', ...rest] = type.split('.');
  const [group, version] = splitApiVersion(apiVersion);
  return names.includes(name) && ['', group, `${version}.${group}`].includes(rest.join('.'));
}

/** @returns the group, empty for the core group, and the version. */
export function splitApiVersion(apiVersion: string): [group: string, version: string] {
  const [first = '', second] = apiVersion.split('/');
  return second === undefined ? ['', first] : [first, second];
}
