import * as z from 'zod';
import { listAgents } from '../find-agent.ts';
import { describeRefusal, isRefusal } from '../refusals/agent-refusal.ts';
import { NamespaceMissingError } from '../agent-jobs.ts';
import { agentAnnotations, agentContainer } from '../agent-spec.ts';
import type { ApiAnswer, ApiClient } from '../../api/api-client.ts';
import { ApiError, isNotFound } from '../../api/api-error.ts';
import { describeMissingVolumes, hasImageVolume, isVolumeRefused } from '../image-volumes.ts';
import type { DaemonSet, Pod } from '../../api/objects/kubernetes-objects.ts';
import { isPodReady } from '../../api/objects/pod-readiness.ts';
import { type ResourceEvent, watchResource } from '../../api/resource-watch.ts';
import { daemonSets, events } from '../../api/resources.ts';
import { residentLabels, type ResidentManifest, residentName } from './resident-spec.ts';

/** Watches are renewed so often, since a deletion between two watches is noticed only by asking again. */
const watchSeconds = 10;
const fieldManager = 'kubectl-crashcart';
/** Without the API server's bookkeeping, which kubectl does not show either. */
const appliedSchema = z.looseObject({
  metadata: z.looseObject({}).transform((metadata) => ({ ...metadata, managedFields: undefined })),
});

/** An installed agent. */
export interface ResidentAgent {
  node: string;
  pod: string;
  isReady: boolean;
  /** `Ready`, `Terminating`, or why the agent is not ready, in the kubelet's words. */
  state: string;
  version: string;
  createdAt: string | null;
  restarts: number;
  image: string;
}

/** What is installed in a namespace. */
export interface ResidentState {
  /** null when nothing is installed. */
  daemonSet: DaemonSet | null;
  agents: ResidentAgent[];
}

/**
 * Creates the DaemonSet of agents, or changes it to what the manifest says.
 * @param dryRun whether nothing is stored.
 * @returns the DaemonSet as it is stored, and the API server's warnings.
 * @throws NamespaceMissingError (Failure `namespaceMissing`); Failure `agentRefused`, `toolboxRefused`, `connection`,
 *   `timeout`; ApiError; what aborted the signal.
 */
export async function applyResidentAgents(
  api: ApiClient,
  manifest: ResidentManifest,
  { dryRun }: { dryRun: boolean },
  signal: AbortSignal,
): Promise<ApiAnswer<Record<string, unknown>>> {
  const { namespace } = manifest.metadata;
  try {
    return await api.request({
      ...daemonSets.apply(namespace, residentName),
      schema: appliedSchema,
      // By force: fields that were changed by hand are changed back.
      query: { fieldManager, force: 'true', ...(dryRun ? { dryRun: 'All' } : {}) },
      body: manifest,
      signal,
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (isNotFound(error)) throw new NamespaceMissingError(namespace, { cause: error });
    if (isVolumeRefused(error)) throw describeMissingVolumes();
    if (isRefusal(error)) throw describeRefusal('DaemonSet', error.message, namespace);
    throw error;
  }
}

/**
 * Makes sure by a dry run that the API server accepts agents with another toolbox, as image-volumes.ts does for a session.
 * @throws Failure `toolboxRefused`; what applyResidentAgents throws.
 */
export async function requireResidentToolbox(
  api: ApiClient,
  manifest: ResidentManifest,
  signal: AbortSignal,
): Promise<void> {
  const { value } = await applyResidentAgents(api, manifest, { dryRun: true }, signal);
  if (!hasImageVolume(value)) throw describeMissingVolumes();
}

/**
 * Reads what is installed in a namespace, and the state of each agent.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
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

/** Whether each node that shall have an agent has a ready one, made as was asked for last. */
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
 * @param onProgress is given the DaemonSet each time it changes.
 * @throws ApiError, Failure `connection`; what aborted the signal.
 */
export async function waitForResidentAgents(
  api: ApiClient,
  namespace: string,
  onProgress: (daemonSet: DaemonSet) => void,
  signal: AbortSignal,
): Promise<DaemonSet> {
  return await watchResource(api, describeWatch(namespace, signal), {
    onEvent: ({ type, object }): DaemonSet | undefined => {
      if (type === 'DELETED') return undefined;
      onProgress(object);
      return isComplete(object) ? object : undefined;
    },
  });
}

/**
 * Deletes the DaemonSet and its agents, and waits until they are gone.
 * @returns whether anything was installed.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function removeResidentAgents(
  api: ApiClient,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await api.request({
      ...daemonSets.delete(namespace, residentName),
      // The DaemonSet then stays until its pods are gone, which can be watched.
      query: { propagationPolicy: 'Foreground' },
      signal,
    });
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
  const isGone = async () => ((await findDaemonSet(api, namespace, signal)) === null ? true : undefined);
  return (
    (await isGone()) ??
    (await watchResource(api, describeWatch(namespace, signal), {
      onEvent: ({ type }: ResourceEvent<DaemonSet>) => (type === 'DELETED' ? true : undefined),
      onRestart: isGone,
    }))
  );
}

/**
 * Finds why the cluster makes no pods of a DaemonSet.
 * @returns the cluster's words, or that the user may not read Events; null when the pods are made.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function findResidentRefusal(
  api: ApiClient,
  namespace: string,
  { metadata }: DaemonSet,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const { items } = await api.get({
      ...events.list(namespace),
      query: { fieldSelector: `involvedObject.uid=${metadata.uid},reason=FailedCreate` },
      signal,
    });
    return items.at(-1)?.message ?? null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return `why is not known, as ${error.message}`;
    throw error;
  }
}

async function findDaemonSet(
  api: ApiClient,
  namespace: string,
  signal: AbortSignal,
): Promise<DaemonSet | null> {
  try {
    return await api.get({ ...daemonSets.get(namespace, residentName), signal });
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

function describeWatch(namespace: string, signal: AbortSignal) {
  const query = { fieldSelector: `metadata.name=${residentName}`, timeoutSeconds: String(watchSeconds) };
  return { ...daemonSets.watch(namespace), query, signal };
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
