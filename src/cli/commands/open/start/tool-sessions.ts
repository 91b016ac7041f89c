import { randomUUID } from 'node:crypto';
import { listAgents } from '../../../../cluster/agent-pods/find-agent.ts';
import type { ApiClient } from '../../../../cluster/api/api-client.ts';
import { findUserName } from '../../../../cluster/api/user-name.ts';
import type {
  ClientSession,
  SessionRequest,
  SessionSinks,
} from '../../../../cluster/session/client-session.ts';
import { NodeAgents } from '../../../../cluster/session/shared/node-agents.ts';
import type { SelectedTarget } from '../../../../cluster/target/selection/target-selection.ts';
import { commandSetupSchema, nameContext } from '../../../../session-api/command-setup.ts';
import type { ProgressLine } from '../../../../terminal/progress.ts';
import type { OptionValues } from '../../../command-line/option.ts';
import type { Context } from '../../../context.ts';
import { describeAgentOptions, type newAgentOptions } from '../../../options/agent/agent-options.ts';
import { confirmStart } from './confirmed-start.ts';

/** How long a session goes on whose client is gone. */
const graceSeconds = 60;
const outputBufferBytes = 4 * 1024 * 1024;

/** What a command line says of the sessions. */
export type ToolSessionsRequest = OptionValues<typeof newAgentOptions> & {
  compress: boolean;
  /** Why, for the audit log. */
  reason: string | null;
};

/** What the sessions of a command share. */
interface Surroundings {
  context: Context;
  progress: ProgressLine;
  signal: AbortSignal;
}

/** Where the output of a session goes; whether it is compressed on its way, the user says. */
export type ToolSinks = Omit<SessionSinks, 'compress'>;

type SharedSpec = Omit<SessionRequest, 'target' | 'command' | 'stdin'>;

/**
 * The sessions of a command that has a tool do something in one target or in many: on each node by one agent, over one
 * tunnel.
 */
export class ToolSessions {
  readonly #agents: NodeAgents;
  readonly #spec: SharedSpec;
  readonly #compress: boolean;

  private constructor(agents: NodeAgents, spec: SharedSpec, compress: boolean) {
    this.#agents = agents;
    this.#spec = spec;
    this.#compress = compress;
  }

  /** Looks up which agents are there. @throws ApiError; Failure `connection`, `timeout`; the signal's reason. */
  static async prepare(
    api: ApiClient,
    request: ToolSessionsRequest,
    { context, progress, signal }: Surroundings,
  ): Promise<ToolSessions> {
    const { agent, timeoutMs, createNamespace, compress, reason } = request;
    const options = describeAgentOptions(agent, request);
    const [known, claimedUser] = await Promise.all([
      listAgents(api, options.namespace, signal),
      findUserName(api, signal),
    ]);
    const agents = new NodeAgents(api, {
      ...{ options, known, timeoutMs, signal },
      onProgress: (step) => progress.show(step),
      retry: confirmStart(api, { createNamespace }, progress, context, signal),
    });
    const spec = {
      ...{ terminal: null, client: randomUUID(), graceSeconds, keepSeconds: null, outputBufferBytes },
      setup: commandSetupSchema.parse({ quiet: true, context: nameContext(api.connection.context) }),
      ...{ catch: null, audit: { claimedUser, reason } },
    };
    return new ToolSessions(agents, spec, compress);
  }

  /**
   * Starts a command in a target.
   * @param stdin whether the caller sends something to it.
   * @throws what {@link NodeAgents.open} throws.
   */
  async open(
    selected: SelectedTarget,
    { command, stdin }: { command: string[]; stdin: boolean },
    sinks: ToolSinks,
    signal: AbortSignal,
  ): Promise<ClientSession> {
    const spec = { ...this.#spec, target: selected.target, command, stdin };
    return await this.#agents.open(selected, spec, { ...sinks, compress: this.#compress }, signal);
  }

  /** Closes the tunnels. */
  close(): void {
    this.#agents.close();
  }
}
