import { describeAgentPod, dryRun, isSuspended, type Manifest } from './agent-dry-run.ts';
import { NamespaceMissingError } from '../agent-jobs.ts';
import { describeAgentNamespace } from '../agent-namespace.ts';
import { describeRefusal, isRefusal } from '../refusals/agent-refusal.ts';
import { type AgentJobManifest, type AgentOptions, describeAgent } from '../agent-spec.ts';
import { describeSuspension } from '../refusals/suspension.ts';
import type { ApiClient } from '../../api/api-client.ts';
import { ApiError } from '../../api/api-error.ts';
import { namespaces } from '../../api/resources.ts';

/** The objects that a session makes when no agent runs. */
export interface SessionObjects {
  /** null when it exists. */
  namespace: Manifest | null;
  job: AgentJobManifest;
  /** On the target; null without --event. */
  event: Manifest | null;
}

/** What decides which objects a session makes. */
export interface SessionObjectsRequest {
  node: string;
  options: AgentOptions;
  /** Whether a missing namespace may be made. */
  createNamespace: boolean;
  event: Manifest | null;
  signal: AbortSignal;
}

/** Objects as the API server would store them, and remarks for the user. */
export interface TriedObjects {
  objects: Manifest[];
  notices: string[];
}

/**
 * Describes the objects that a session would make if no agent ran.
 * @throws NamespaceMissingError (Failure `namespaceMissing`); ApiError, Failure `connection`, `timeout`; what aborted the
 *   signal.
 */
export async function describeSessionObjects(
  api: ApiClient,
  { node, options, createNamespace, event, signal }: SessionObjectsRequest,
): Promise<SessionObjects> {
  const { namespace } = options;
  const exists = await hasNamespace(api, namespace, signal);
  if (!exists && !createNamespace) throw new NamespaceMissingError(namespace);
  const job = describeAgent(node, options).render(0);
  return { namespace: exists ? null : describeAgentNamespace(namespace), job, event };
}

/** Lists the objects in the order in which they are made. */
export function listObjects({ namespace, job, event }: SessionObjects): Manifest[] {
  return [...(namespace === null ? [] : [namespace]), job, ...(event === null ? [] : [event])];
}

/**
 * Creates the objects in a dry run, and the pod of the agent's Job too, since a Job may be admitted where its pod is not.
 * @returns the objects without the pod.
 * @throws Failure `agentRefused`, `connection`, `timeout`; ApiError; what aborted the signal.
 */
export async function tryObjects(
  api: ApiClient,
  { namespace, job, event }: SessionObjects,
  signal: AbortSignal,
): Promise<TriedObjects> {
  const notices: string[] = [];
  const objects: Manifest[] = [];
  if (namespace === null) {
    objects.push(await tryObject(api, job, notices, signal));
    await tryPod(api, job, notices, signal);
  } else {
    objects.push(await tryObject(api, namespace, notices, signal), job);
    notices.push('the Job was not tried: its namespace does not exist yet');
  }
  if (event !== null) objects.push(await tryObject(api, event, notices, signal));
  return { objects, notices };
}

async function tryObject(
  api: ApiClient,
  manifest: Manifest,
  notices: string[],
  signal: AbortSignal,
): Promise<Manifest> {
  const { kind, metadata } = manifest;
  try {
    const { value, warnings } = await dryRun(api, manifest, signal);
    notices.push(...warnings);
    if (kind === 'Job' && isSuspended(value))
      notices.push(describeSuspension(metadata.namespace ?? '').message);
    // The API server's bookkeeping, which kubectl does not show either.
    const fields = Object.entries(value.metadata).filter(([name]) => name !== 'managedFields');
    return { ...value, metadata: Object.fromEntries(fields) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reason === 'AlreadyExists') {
      notices.push(
        `${kind} "${String(metadata['name'])}" exists already: the session would join or follow it`,
      );
      return manifest;
    }
    if (isRefusal(error) && kind !== 'Event' && kind !== 'Namespace')
      throw describeRefusal(kind === 'Job' ? 'Job' : 'pod', error.message, metadata.namespace ?? '');
    throw error;
  }
}

async function tryPod(
  api: ApiClient,
  job: AgentJobManifest,
  notices: string[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await tryObject(api, describeAgentPod(job), notices, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'forbidden') throw error;
    notices.push(`whether the agent's pod would be admitted is not known: ${error.message}`);
  }
}

/** Whether a namespace exists. A user who may not read the namespace is taken to know that. */
async function hasNamespace(api: ApiClient, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await api.get({ ...namespaces.get(name), signal });
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 403)) throw error;
    return error.status === 403;
  }
}
