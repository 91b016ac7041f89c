import { findWarmAgent } from '../../agent-pods/find-agent.ts';
import type { AgentOptions } from '../../agent-pods/agent-spec.ts';
import { startAgent } from '../../agent-pods/start-agent.ts';
import type { ApiClient } from '../../api/api-client.ts';
import type { Pod } from '../../api/objects/kubernetes-objects.ts';
import type { SelectedTarget } from '../../target/selection/target-selection.ts';
import type { ClientSession, SessionRequest, SessionSinks } from '../client-session.ts';
import { openSession } from '../open-session.ts';
import { removeUnusedAgents } from '../unused-agents.ts';
import { SharedConnections } from './shared-connections.ts';

/** What sessions on many nodes need of their agents. */
export interface NodeAgentsRequest {
  options: AgentOptions;
  /** The agents that were there a moment ago, on any node. */
  known: Pod[];
  /** Limit of each agent's start. */
  timeoutMs: number;
  onProgress: (step: string) => void;
  /**
   * Asked when an agent did not start.
   * @returns the options that another start is tried with.
   * @throws the error itself, when another start is of no use.
   */
  retry: (error: unknown, node: string, tried: AgentOptions) => Promise<AgentOptions>;
  signal: AbortSignal;
}

/**
 * The agents of many sessions: one on each node, which is started once, and one tunnel to each. Nodes do not wait for each
 * other.
 */
export class NodeAgents {
  readonly #api: ApiClient;
  readonly #request: NodeAgentsRequest;
  readonly #connections = new SharedConnections();
  readonly #ready = new Map<string, Promise<{ known: Pod[]; options: AgentOptions }>>();

  constructor(api: ApiClient, request: NodeAgentsRequest) {
    this.#api = api;
    this.#request = request;
  }

  /**
   * Starts a session beside the others, with an agent on the node of its target.
   * @returns the session, which the agent has started.
   * @throws what {@link openSession} throws; of a node where no agent starts, the same error for each of its sessions.
   */
  async open(
    { target, node }: Pick<SelectedTarget, 'target' | 'node'>,
    spec: SessionRequest,
    sinks: SessionSinks,
    signal: AbortSignal,
  ): Promise<ClientSession> {
    const { timeoutMs, onProgress } = this.#request;
    const nodeIsTarget = target.kind === 'node';
    const { known, options } = await this.#prepare(node, nodeIsTarget);
    const { connect } = this.#connections;
    const agent = { node, nodeIsTarget, options, known, timeoutMs, onProgress, signal, connect };
    return await openSession(this.#api, agent, spec, sinks);
  }

  /** Closes the tunnels. */
  close(): void {
    this.#connections.close();
  }

  #prepare(node: string, nodeIsTarget: boolean): Promise<{ known: Pod[]; options: AgentOptions }> {
    const ready = this.#ready.get(node) ?? this.#start(node, nodeIsTarget);
    this.#ready.set(node, ready);
    return ready;
  }

  async #start(node: string, nodeIsTarget: boolean): Promise<{ known: Pod[]; options: AgentOptions }> {
    const { known, timeoutMs, onProgress, retry, signal } = this.#request;
    let { options } = this.#request;
    const made = new Set<string>();
    const onMade = (job: string) => made.add(job);
    try {
      for (;;) {
        const request = { node, nodeIsTarget, options, timeoutMs, onProgress, onMade, signal };
        if (findWarmAgent(known, request) !== null) return { known, options };
        try {
          return { known: [...known, await startAgent(this.#api, request)], options };
        } catch (error) {
          signal.throwIfAborted();
          options = await retry(error, node, options);
        }
      }
    } catch (error) {
      if (signal.aborted) await removeUnusedAgents(this.#api, options.namespace, made);
      throw error;
    }
  }
}
