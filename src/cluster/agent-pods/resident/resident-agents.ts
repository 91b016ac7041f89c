import * as z from 'zod';
import { listAgents } from '../start-agent.ts';
import { describeRefusal, isRefusal } from '../agent-refusal.ts';
import { NamespaceMissingError } from '../agent-jobs.ts';
import { agentAnnotations, agentContainer } from '../agent-spec.ts';
import type { ApiAnswer, ApiClient } from '../../api/api-client.ts';
import { ApiError } from '../../api/api-error.ts';
import { describeMissingVolumes, hasImageVolume, isVolumeRefused } from '../image-volumes.ts';
import {
  type DaemonSet,
  daemonSetSchema,
  eventSchema,
  listOf,
  type Pod,
} from '../../api/kubernetes-objects.ts';
import { isPodReady } from '../../api/pod-readiness.ts';
import { residentLabels, type ResidentManifest, residentName } from './resident-spec.ts';

/** After which a watch is begun anew: what happened between two of them is not missed for longer. */
const watchSeconds = 10;
const fieldManager = 'kubectl-crashcart';
/** Without the API server's bookkeeping, which kubectl does not show either. */
const appliedSchema = z.looseObject({
  metadata: z.looseObject({}).transform((metadata) => ({ ...metadata, managedFields: undefined })),
});

/** An agent that is kept on a node. */
export interface ResidentAgent {
  node: string;
  pod: string;
  isReady: boolean;
  /** `Ready`, or what keeps it from that. */
  state: string;
  version: string;
  createdAt: string | null;
  restarts: number;
  image: string;
}

export interface ResidentState {
  /** null when nothing is installed. */
  daemonSet: DaemonSet | null;
  agents: ResidentAgent[];
}

/**
 * Makes the DaemonSet of agents, or makes of the one that is there what it is to be.
 * @param dryRun whether nothing is to be stored.
 * @returns it as it is stored.
 * @throws NamespaceMissingError, Failure `agentRefused`, `toolboxRefused`, ApiError.
 */
export async function applyResidentAgents(
  api: ApiClient,
  manifest: ResidentManifest,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<ApiAnswer<Record<string, unknown>>> {
  const { namespace } = manifest.metadata;
  try {
    return await api.request({
      method: 'PATCH',
      path: locate(namespace),
      // By force: who has changed a field by hand gets what is asked for here.
      query: { fieldManager, force: 'true', ...(dryRun ? { dryRun: 'All' } : {}) },
      contentType: 'application/apply-patch+yaml',
      body: manifest,
      schema: appliedSchema,
      access: describeAccess('patch', namespace),
      signal,
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) throw new NamespaceMissingError(namespace, { cause: error });
    if (isVolumeRefused(error)) throw describeMissingVolumes();
    if (isRefusal(error)) throw describeRefusal('DaemonSet', error.message, namespace);
    throw error;
  }
}

/**
 * Makes sure that the API server takes agents with another toolbox, as image-volumes.ts does for a session.
 * @throws Failure `toolboxRefused`; what applyResidentAgents throws.
 */
export async function requireResidentToolbox(
  api: ApiClient,
  manifest: ResidentManifest,
  signal: AbortSignal,
): Promise<void> {
  const { value } = await applyResidentAgents(api, manifest, true, signal);
  if (!hasImageVolume(value)) throw describeMissingVolumes();
}

/** Reads what is installed, and how it is. @throws ApiError, Failure. */
export async function readResidentAgents(
  api: ApiClient,
  namespace: string,
  signal: AbortSignal,
): Promise<ResidentState> {
  const [daemonSet, pods] = await Promise.all([
    findDaemonSet(api, namespace, signal),
    listAgents(api, namespace, signal),
  ]);
  const agents = pods.filter(({ metadata }) => residentLabels.key in metadata.labels).map(describeAgentState);
  return { daemonSet, agents: agents.toSorted((one, other) => one.node.localeCompare(other.node)) };
}

/** @returns whether all of the agents that are to be there are there, ready and as they are to be. */
export function isComplete({ metadata, status }: DaemonSet): boolean {
  const { desiredNumberScheduled: desired } = status;
  return (
    status.observedGeneration >= metadata.generation &&
    status.updatedNumberScheduled === desired &&
    status.numberReady === desired
  );
}

/**
 * Waits until all agents are ready.
 * @param onProgress is told what there is, each time it changes.
 * @throws ApiError; what aborted the signal.
 */
export async function waitForResidentAgents(
  api: ApiClient,
  namespace: string,
  onProgress: (daemonSet: DaemonSet) => void,
  signal: AbortSignal,
): Promise<DaemonSet> {
  for (;;) {
    for await (const { type, object } of watchDaemonSet(api, namespace, signal)) {
      if (type === 'DELETED') continue;
      onProgress(object);
      if (isComplete(object)) return object;
    }
    signal.throwIfAborted();
  }
}

/**
 * Removes the DaemonSet and its agents, and waits until they are gone.
 * @returns whether there was one.
 * @throws ApiError; what aborted the signal.
 */
export async function removeResidentAgents(
  api: ApiClient,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await api.request({
      method: 'DELETE',
      path: locate(namespace),
      // It stays until its pods are gone: that can be waited for.
      query: { propagationPolicy: 'Foreground' },
      schema: z.unknown(),
      access: describeAccess('delete', namespace),
      signal,
    });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
  while ((await findDaemonSet(api, namespace, signal)) !== null) {
    for await (const { type } of watchDaemonSet(api, namespace, signal)) if (type === 'DELETED') return true;
    signal.throwIfAborted();
  }
  return true;
}

/** @returns why the cluster makes no pods, in its words; null when it does, or that can't be read. */
export async function findResidentRefusal(
  api: ApiClient,
  namespace: string,
  { metadata }: DaemonSet,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const { items } = await api.get({
      path: `api/v1/namespaces/${namespace}/events`,
      query: { fieldSelector: `involvedObject.uid=${metadata.uid},reason=FailedCreate` },
      schema: listOf(eventSchema),
      access: { verb: 'list', resource: 'events', namespace },
      signal,
    });
    return items.at(-1)?.message ?? null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return null;
    throw error;
  }
}

async function findDaemonSet(
  api: ApiClient,
  namespace: string,
  signal: AbortSignal,
): Promise<DaemonSet | null> {
  try {
    return await api.get({
      path: locate(namespace),
      schema: daemonSetSchema,
      access: describeAccess('get', namespace),
      signal,
    });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function watchDaemonSet(api: ApiClient, namespace: string, signal: AbortSignal) {
  return api.watch({
    path: `apis/apps/v1/namespaces/${namespace}/daemonsets`,
    query: { fieldSelector: `metadata.name=${residentName}`, timeoutSeconds: String(watchSeconds) },
    schema: daemonSetSchema,
    access: describeAccess('watch', namespace),
    signal,
  });
}

function describeAgentState(pod: Pod): ResidentAgent {
  const { metadata, spec, status } = pod;
  const container = status.containerStatuses.find(({ name }) => name === agentContainer);
  const { waiting, terminated } = container?.state ?? {};
  const isReady = metadata.deletionTimestamp === null && isPodReady(pod);
  const obstacle = waiting?.reason || terminated?.reason || status.reason || status.phase || 'Unknown';
  return {
    node: spec.nodeName,
    pod: metadata.name,
    isReady,
    state: isReady ? 'Ready' : metadata.deletionTimestamp === null ? obstacle : 'Terminating',
    version: metadata.annotations[agentAnnotations.version] ?? 'unknown',
    createdAt: metadata.creationTimestamp,
    restarts: container?.restartCount ?? 0,
    image: spec.containers.find(({ name }) => name === agentContainer)?.image ?? 'unknown',
  };
}

function locate(namespace: string): string {
  return `apis/apps/v1/namespaces/${namespace}/daemonsets/${residentName}`;
}

function describeAccess(verb: string, namespace: string) {
  return { verb, resource: 'daemonsets.apps', namespace };
}
