import type { ApiClient } from '../../../cluster/api/api-client.ts';
import type { Pod } from '../../../cluster/api/objects/kubernetes-objects.ts';
import { findUserName } from '../../../cluster/api/user-name.ts';
import { findWarmAgent } from '../../../cluster/agent-pods/find-agent.ts';
import type { Connect } from '../../../cluster/session/agent-connection.ts';
import { prepareAgent } from '../../../cluster/session/ready/prepare-agent.ts';
import { ReadyConnections } from '../../../cluster/session/ready/ready-connections.ts';
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
 * Waits until the container of a target runs. Meanwhile an agent is got ready on the node of its pod, with a connection.
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
    const found = await describeFound(api, pod, options, known, context, signal);
    return { ...found, connect: agents.connect };
  } finally {
    clearTimeout(timer);
    agents.keepAsIs();
  }
}

/** Agents for the nodes that the target's pods are on, with a connection to each. */
class AgentsReady {
  readonly #api: ApiClient;
  readonly #options: SessionOptions;
  readonly #lifetime: Lifetime;
  readonly #connections: ReadyConnections;
  readonly #nodes = new Set<string>();
  #known: Pod[] = [];
  #isOver = false;

  constructor(api: ApiClient, options: SessionOptions, lifetime: Lifetime) {
    this.#api = api;
    this.#options = options;
    this.#lifetime = lifetime;
    this.#connections = new ReadyConnections(options.terminal ? 'interactive' : 'bulk');
    lifetime.defer(() => this.#connections.close());
  }

  /** Those that are ready by now. */
  get known(): Pod[] {
    return this.#known;
  }

  /** Gives a session the connection that is ready. */
  get connect(): Connect {
    return this.#connections.connect;
  }

  /** @param node empty before the pod is scheduled. */
  prepare(node: string): void {
    if (node === '' || this.#nodes.has(node)) return;
    this.#nodes.add(node);
    const preparing = this.#prepare(node);
    // An interrupted run waits until an agent that was made in vain is gone.
    this.#lifetime.defer(() => (this.#lifetime.signal.aborted ? preparing : undefined));
  }

  /** The wait is over: what is lost from now on is not replaced. */
  keepAsIs(): void {
    this.#isOver = true;
  }

  async #prepare(node: string): Promise<void> {
    const { agent: options, timeoutMs } = this.#options;
    const { signal } = this.#lifetime;
    const ready = await prepareAgent(this.#api, { node, options, timeoutMs, signal });
    this.#known = [...ready, ...this.#known];
    const agent = findWarmAgent(ready, { node, options });
    if (agent === null || this.#isOver || signal.aborted) return;
    const address = { namespace: options.namespace, pod: agent.metadata.name };
    this.#connections.open(this.#api.connection, address, timeoutMs, () => {
      // The wait may outlast an agent that is idle.
      this.#nodes.delete(node);
      if (!this.#isOver) this.prepare(node);
    });
  }
}

function describeTimeout(state: string | null, limit: string): Failure {
  return new Failure(
    'targetNotReady',
    `the target did not run within ${limit}${state === null ? ': it has no pod' : `: ${state}`}`,
    'Give it more time with --pod-running-timeout.',
  );
}
