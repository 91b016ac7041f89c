import type { ApiClient } from '../api/api-client.ts';
import type { Pod, ReplicaSet } from '../api/objects/kubernetes-objects.ts';
import { replicaSets } from '../api/resources.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const hashLabel = 'pod-template-hash';
const maxReplicaSets = 100;

/** What a Deployment's last change of its template has changed. */
export interface RecentChange {
  deployment: string;
  revision: number;
  /** When the revision of the pod was made. */
  since: string;
  /** A line for each change of a container, against the revision before. */
  changes: string[];
}

/**
 * Finds what the revision of a pod's Deployment has changed.
 * @returns null for a pod of no Deployment.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function findRecentChange(
  api: ApiClient,
  { metadata }: Pod,
  signal: AbortSignal,
): Promise<RecentChange | null> {
  const hash = metadata.labels[hashLabel];
  if (hash === undefined || !metadata.ownerReferences.some(({ kind }) => kind === 'ReplicaSet')) return null;
  const shared = Object.entries(metadata.labels).filter(([label]) => label !== hashLabel);
  const { items } = await api.get({
    ...replicaSets.list(metadata.namespace),
    query: {
      labelSelector: shared.map(([label, value]) => `${label}=${value}`).join(','),
      limit: String(maxReplicaSets),
    },
    signal,
  });
  return compareRevisions(items, hash);
}

/**
 * Compares the ReplicaSet of a pod with the one before.
 * @param hash of the pod's template.
 * @returns null when no Deployment has made it.
 */
export function compareRevisions(all: ReplicaSet[], hash: string): RecentChange | null {
  const own = all.find(({ metadata }) => metadata.labels[hashLabel] === hash);
  const owner = own?.metadata.ownerReferences.find(({ kind }) => kind === 'Deployment');
  if (!own || !owner) return null;
  const revision = readRevision(own);
  const [before] = all
    .filter(({ metadata }) => metadata.ownerReferences.some(({ name }) => name === owner.name))
    .filter((one) => readRevision(one) < revision)
    .toSorted((one, other) => readRevision(other) - readRevision(one));
  const since = own.metadata.creationTimestamp ?? '';
  return { deployment: owner.name, revision, since, changes: before ? compareContainers(before, own) : [] };
}

function compareContainers(before: ReplicaSet, after: ReplicaSet): string[] {
  const old = new Map(before.spec.template.spec.containers.map((container) => [container.name, container]));
  return after.spec.template.spec.containers.flatMap((container) => {
    const { name } = container;
    const earlier = old.get(name);
    if (!earlier) return [`container "${name}" is new`];
    const fields = new Set([...Object.keys(container), ...Object.keys(earlier)]);
    const changed = [...fields].filter(
      (field) => JSON.stringify(container[field]) !== JSON.stringify(earlier[field]),
    );
    return changed.map((field) =>
      field === 'image'
        ? `image of "${name}": ${earlier.image} -> ${container.image}`
        : `${field} of "${name}" changed`,
    );
  });
}

function readRevision({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations[revisionAnnotation] ?? 0);
}
