import type { ApiClient } from '../../../cluster/api/api-client.ts';
import type { Pod } from '../../../cluster/api/objects/kubernetes-objects.ts';
import { findUserName } from '../../../cluster/api/user-name.ts';
import { prepareAgent } from '../../../cluster/session/prepare-agent.ts';
import { waitForContainer } from '../../../cluster/target/container-wait.ts';
import { Failure } from '../../../failure/failure.ts';
import type { ProgressLine } from '../../../terminal/progress.ts';
import type { Context } from '../../context.ts';
import type { Lifetime } from '../../process/lifetime.ts';
import { describeFound, type FoundTarget } from './find-target.ts';
import type { SessionOptions } from './session-request.ts';

/** Whose run the wait is, and who is told of it. */
export interface WaitSurroundings {
  lifetime: Lifetime;
  progress: ProgressLine;
  context: Context;
}

/**
 * Waits until the container of a target runs. An agent is got ready meanwhile on the node of its pod.
 * @param ended the run that has ended; null: any run will do.
 * @throws Failure `targetNotReady` when it won't run, or does not in time; `containerNotFound`, `targetNotFound`,
 *   `nodeRefused`, `connection`; ApiError; the reason of the run's end.
 */
export async function waitForTarget(
  api: ApiClient,
  options: SessionOptions,
  ended: FoundTarget | null,
  { lifetime, progress, context }: WaitSurroundings,
): Promise<FoundTarget> {
  const { target, container, waitLimitMs } = options;
  if (target.kind === 'node') throw new Failure('targetNotReady', `node "${target.name}" is not ready`);
  const limit = `${Math.round(waitLimitMs / 1000)} s`;
  const expired = new AbortController();
  const signal = AbortSignal.any([lifetime.signal, expired.signal]);
  const agents = new AgentsReady(api, options, lifetime);
  let state: string | null = null;
  const timer = setTimeout(() => expired.abort(describeTimeout(state, limit)), waitLimitMs);
  const onState = (next: string, pod: Pod) => {
    // One line, where nobody sees the progress change.
    if (state === null && ended === null && !progress.isShown && !options.quiet)
      context.reporter.note(`waiting at most ${limit} until the target runs: ${next}`);
    state = next;
    progress.show(`waiting: ${next}`);
    agents.prepare(pod.spec.nodeName);
  };
  if (ended !== null) progress.show('waiting for the next start of the container');
  const user = ended === null ? findUserName(api, signal) : Promise.resolve(ended.claimedUser);
  user.catch(() => undefined);
  try {
    const last =
      ended?.pod && ended.target.kind === 'container'
        ? { containerID: ended.target.containerID, pod: ended.pod }
        : null;
    const pod = await waitForContainer(api, { target, container, ended: last, onState, signal });
    const known = async () => ({ agents: agents.known, claimedUser: await user });
    return await describeFound(api, pod, options, known, context, signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Agents for the nodes that the target's pods are on. */
class AgentsReady {
  readonly #api: ApiClient;
  readonly #options: SessionOptions;
  readonly #lifetime: Lifetime;
  readonly #nodes = new Set<string>();
  #known: Pod[] = [];

  constructor(api: ApiClient, options: SessionOptions, lifetime: Lifetime) {
    this.#api = api;
    this.#options = options;
    this.#lifetime = lifetime;
  }

  /** Those that are ready by now. */
  get known(): Pod[] {
    return this.#known;
  }

  /** @param node empty before the pod is scheduled. */
  prepare(node: string): void {
    if (node === '' || this.#nodes.has(node)) return;
    this.#nodes.add(node);
    const { agent: options, timeoutMs } = this.#options;
    const { signal } = this.#lifetime;
    const preparing = prepareAgent(this.#api, { node, options, timeoutMs, signal }).then((ready) => {
      this.#known = [...ready, ...this.#known];
    });
    // An interrupted run waits until an agent that was made in vain is gone.
    this.#lifetime.defer(() => (signal.aborted ? preparing : undefined));
  }
}

function describeTimeout(state: string | null, limit: string): Failure {
  return new Failure(
    'targetNotReady',
    `the target did not run within ${limit}${state === null ? ': it has no pod' : `: ${state}`}`,
    'Give it more time with --pod-running-timeout.',
  );
}
