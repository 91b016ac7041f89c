import * as z from 'zod';
import { applyManifests } from './agent-namespace.ts';
import { describeRefusal, isRefusal } from './agent-refusal.ts';
import type { AgentJobManifest } from './agent-spec.ts';
import type { ApiAnswer, ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';
import { type Job, jobSchema } from '../api/kubernetes-objects.ts';

/** The namespace for agents is not there. */
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

/** The Jobs of agents in one namespace. */
export class AgentJobs {
  readonly #api: ApiClient;
  readonly #namespace: string;
  readonly #path: string;

  constructor(api: ApiClient, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
    this.#path = `apis/batch/v1/namespaces/${namespace}/jobs`;
  }

  /**
   * @returns null when there is one of this name.
   * @throws NamespaceMissingError, ApiError, Failure `agentRefused` when admission refuses the Job.
   */
  async create(manifest: AgentJobManifest, signal: AbortSignal): Promise<ApiAnswer<Job> | null> {
    try {
      return await this.#api.request({
        method: 'POST',
        path: this.#path,
        body: manifest,
        schema: jobSchema,
        access: this.#access('create'),
        signal,
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.reason === 'AlreadyExists') return null;
      if (error.status === 404) throw new NamespaceMissingError(this.#namespace, { cause: error });
      if (isRefusal(error)) throw describeRefusal('Job', error.message, this.#namespace);
      throw error;
    }
  }

  /** @returns a Job that is there and may still have a running agent; else null. */
  async findUsable(name: string, signal: AbortSignal): Promise<Job | null> {
    try {
      const job = await this.#api.get({
        path: `${this.#path}/${name}`,
        schema: jobSchema,
        access: this.#access('get'),
        signal,
      });
      const ended = job.status.conditions.some(
        ({ type, status: value }) =>
          ['Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet'].includes(type) && value === 'True',
      );
      return job.metadata.deletionTimestamp === null && !ended ? job : null;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  /** Deletes a Job and, in the background, its pod. */
  async delete(name: string, signal: AbortSignal): Promise<void> {
    await this.#api.request({
      method: 'DELETE',
      path: `${this.#path}/${name}`,
      query: { propagationPolicy: 'Background' },
      schema: z.unknown(),
      access: this.#access('delete'),
      signal,
    });
  }

  #access(verb: string) {
    return { verb, resource: 'jobs.batch', namespace: this.#namespace };
  }
}
