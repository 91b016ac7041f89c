import { randomUUID } from 'node:crypto';
import { applyManifests } from './agent-namespace.ts';
import { describeRefusal, isRefusal } from './refusals/agent-refusal.ts';
import { agentAnnotations, type AgentJobManifest } from './agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError, isNotFound } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';
import type { Job } from '../api/objects/kubernetes-objects.ts';
import { jobs, strictFields } from '../api/resources.ts';

/** How long the answer to a creation is waited for after an abort. */
const answerLimitMs = 5000;

/** The namespace for agents does not exist. */
export class NamespaceMissingError extends Failure {
  override name = 'NamespaceMissingError';
  readonly namespace: string;

  constructor(namespace: string, options?: ErrorOptions) {
    super(
      'namespaceMissing',
      `the namespace "${namespace}", where agents run, does not exist`,
      `Make it with \`${applyManifests}\`, or run this with --create-namespace.`,
      options,
    );
    this.namespace = namespace;
  }
}

/** The Job of a name that was asked for. */
export interface NamedJob {
  /** null when it has ended, or is being deleted: another name is needed. */
  job: Job | null;
  /** Whether this creation has made it. */
  isOwn: boolean;
  /** Of the API server, about a Job that was made. */
  warnings: string[];
}

/** The Jobs of agents in one namespace. */
export class AgentJobs {
  readonly #api: ApiClient;
  readonly #namespace: string;

  constructor(api: ApiClient, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  /**
   * Makes a Job, or finds the one that has its name. When the answer to the creation is lost, the creation is asked for
   * once more, and what then exists may be what the first request has made. An aborted signal does not cut the requests
   * at once: it would not be known whether the Job was made.
   * @throws NamespaceMissingError (Failure `namespaceMissing`); Failure `agentRefused` when admission refuses the Job,
   *   `connection`, `timeout`; ApiError; what aborted the signal.
   */
  async createOrFind(manifest: AgentJobManifest, signal: AbortSignal): Promise<NamedJob> {
    signal.throwIfAborted();
    const cut = new AbortController();
    let timer: NodeJS.Timeout | null = null;
    const cutLater = () => (timer = setTimeout(() => cut.abort(signal.reason), answerLimitMs));
    signal.addEventListener('abort', cutLater, { once: true });
    const creation = randomUUID();
    try {
      const { value, warnings } = await this.#api.request({
        ...jobs.create(this.#namespace),
        query: strictFields,
        body: annotate(manifest, creation),
        signal: cut.signal,
      });
      return { job: value, isOwn: true, warnings };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.reason === 'AlreadyExists') {
        const job = await this.findUsable(manifest.metadata.name, cut.signal);
        const isOwn = job?.metadata.annotations[agentAnnotations.creation] === creation;
        return { job, isOwn, warnings: [] };
      }
      if (isNotFound(error)) throw new NamespaceMissingError(this.#namespace, { cause: error });
      if (isRefusal(error)) throw describeRefusal('Job', error.message, this.#namespace);
      throw error;
    } finally {
      signal.removeEventListener('abort', cutLater);
      if (timer !== null) clearTimeout(timer);
    }
  }

  /**
   * Finds a Job that may still have a running agent.
   * @returns null when no Job has this name, or the Job has ended or is being deleted.
   * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
   */
  async findUsable(name: string, signal: AbortSignal): Promise<Job | null> {
    try {
      const job = await this.#api.get({ ...jobs.get(this.#namespace, name), signal });
      const ended = job.status.conditions.some(
        ({ type, status: value }) =>
          ['Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet'].includes(type) && value === 'True',
      );
      return job.metadata.deletionTimestamp === null && !ended ? job : null;
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  /**
   * Deletes a Job and, in the background, its pod. One that is gone is as good: the cluster may have removed an ended
   * Job by itself, and the answer to a first request may have been lost.
   * @param isDryRun the API server only checks whether the Job can be deleted.
   * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
   */
  async delete(name: string, signal: AbortSignal, { isDryRun = false } = {}): Promise<void> {
    try {
      await this.#api.request({
        ...jobs.delete(this.#namespace, name),
        query: { propagationPolicy: 'Background', ...(isDryRun ? { dryRun: 'All' } : {}) },
        signal,
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function annotate({ metadata, ...rest }: AgentJobManifest, creation: string): AgentJobManifest {
  const annotations = { ...metadata.annotations, [agentAnnotations.creation]: creation };
  return { ...rest, metadata: { ...metadata, annotations } };
}
