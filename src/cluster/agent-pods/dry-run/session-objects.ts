import { describeAgentPod, dryRun, type Manifest } from './agent-dry-run.ts';
import { NamespaceMissingError } from '../agent-jobs.ts';
import { describeAgentNamespace } from '../agent-namespace.ts';
import { describeRefusal, isRefusal } from '../agent-refusal.ts';
import { type AgentJobManifest, type AgentOptions, describeAgent } from '../agent-spec.ts';
import type { ApiClient } from '../../api/api-client.ts';
import { ApiError } from '../../api/api-error.ts';
import { namespaceSchema } from '../../api/kubernetes-objects.ts';

/** What a session would make from cold. */
export interface SessionObjects {
  /** null when it is there. */
  namespace: Manifest | null;
  job: AgentJobManifest;
  /** On the target; null when none is wanted. */
  event: Manifest | null;
}

export interface SessionObjectsRequest {
  node: string;
  options: AgentOptions;
  /** Whether the namespace may be made. */
  createNamespace: boolean;
  event: Manifest | null;
  signal: AbortSignal;
}

/** Objects as the API server would store them, and what is to be said of them. */
export interface TriedObjects {
  objects: Manifest[];
  notices: string[];
}

/**
 * Describes the objects that a session would make if no agent were there.
 * @throws NamespaceMissingError; ApiError, Failure `connection`, `timeout`.
 */
export async function describeSessionObjects(
  api: ApiClient,
  { node, options, createNamespace, event, signal }: SessionObjectsRequest,
): Promise<SessionObjects> {
  const { namespace } = options;
  const isThere = await hasNamespace(api, namespace, signal);
  if (!isThere && !createNamespace) throw new NamespaceMissingError(namespace);
  const job = describeAgent(node, options).render(0);
  return { namespace: isThere ? null : describeAgentNamespace(namespace), job, event };
}

/** @returns the objects in the order in which they are made. */
export function listObjects({ namespace, job, event }: SessionObjects): Manifest[] {
  return [...(namespace === null ? [] : [namespace]), job, ...(event === null ? [] : [event])];
}

/**
 * Has the API server do all but make the objects, and the pod of the agent's Job, which is not among them: a Job is
 * admitted where its pod is not.
 * @throws Failure `agentRefused`; ApiError, Failure `connection`, `timeout`.
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
    notices.push('the Job was not tried: its namespace is not there yet');
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
    // Bookkeeping of the API server's, which kubectl does not show either.
    const fields = Object.entries(value.metadata).filter(([name]) => name !== 'managedFields');
    return { ...value, metadata: Object.fromEntries(fields) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reason === 'AlreadyExists') {
      notices.push(`${kind} "${String(metadata['name'])}" is there already, and would be joined or followed`);
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

/** @returns whether it is there; who may not read it is taken to know. */
async function hasNamespace(api: ApiClient, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    const access = { verb: 'get', resource: 'namespaces', namespace: name };
    await api.get({ path: `api/v1/namespaces/${name}`, schema: namespaceSchema, access, signal });
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 403)) throw error;
    return error.status === 403;
  }
}
