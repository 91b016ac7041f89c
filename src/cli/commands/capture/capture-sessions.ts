import { randomUUID } from 'node:crypto';
import { listAgents } from '../../../cluster/agent-pods/find-agent.ts';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import { findUserName } from '../../../cluster/api/user-name.ts';
import type { ClientSession, SessionRequest } from '../../../cluster/session/client-session.ts';
import { NodeAgents } from '../../../cluster/session/shared/node-agents.ts';
import type { SelectedTarget } from '../../../cluster/target/selection/target-selection.ts';
import { commandSetupSchema, nameContext } from '../../../session-api/command-setup.ts';
import type { ProgressLine } from '../../../terminal/progress.ts';
import type { Context } from '../../context.ts';
import { describeAgentOptions } from '../../options/agent/agent-options.ts';
import { confirmStart } from '../open/start/confirmed-start.ts';
import type { CaptureSinks } from './tcpdump/target-capture.ts';
import type { CaptureRequest } from './capture-request.ts';

/** How long a capture goes on whose client is gone. Its packets wait in the kernel's buffer. */
const graceSeconds = 60;
const outputBufferBytes = 4 * 1024 * 1024;

/** What the sessions of a capture share. */
interface Surroundings {
  context: Context;
  progress: ProgressLine;
  signal: AbortSignal;
}

type SharedSpec = Omit<SessionRequest, 'target' | 'command'>;

/** The sessions of a capture: on each node by one agent, over one tunnel. */
export class CaptureSessions {
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
    request: CaptureRequest,
    { context, progress, signal }: Surroundings,
  ): Promise<CaptureSessions> {
    const options = describeAgentOptions(request.agent, request);
    const [known, claimedUser] = await Promise.all([
      listAgents(api, options.namespace, signal),
      findUserName(api, signal),
    ]);
    const agents = new NodeAgents(api, {
      ...{ options, known, timeoutMs: request.timeoutMs, signal },
      onProgress: (step) => progress.show(step),
      retry: confirmStart(api, request, progress, context, signal),
    });
    const spec = {
      ...{
        terminal: null,
        stdin: false,
        client: randomUUID(),
        graceSeconds,
        keepSeconds: null,
        outputBufferBytes,
      },
      setup: commandSetupSchema.parse({ quiet: true, context: nameContext(api.connection.context) }),
      ...{ catch: null, audit: { claimedUser, reason: request.reason } },
    };
    return new CaptureSessions(agents, spec, request.compress);
  }

  /** Starts a command in a target. @throws what {@link NodeAgents.open} throws. */
  async open(
    selected: SelectedTarget,
    command: string[],
    sinks: CaptureSinks,
    signal: AbortSignal,
  ): Promise<ClientSession> {
    const spec = { ...this.#spec, target: selected.target, command };
    return await this.#agents.open(selected, spec, { ...sinks, compress: this.#compress }, signal);
  }

  /** Closes the tunnels. */
  close(): void {
    this.#agents.close();
  }
}
