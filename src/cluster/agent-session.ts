import { randomUUID } from 'node:crypto';
import { ProblemError } from '../session/problem.ts';
import type { SessionSpec } from '../session/session-spec.ts';
import { type AgentRequest, findWarmAgent, startAgent } from './agent-pod.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { Failure } from './failure.ts';
import type { Pod } from './kubernetes-objects.ts';
import { SessionClient } from './session-client.ts';
import { openTunnel, type Tunnel } from './tunnel.ts';

/** An agent may be ending just when it is found. */
const maxAttempts = 4;

/** One session with an agent, and the connection that it runs over. */
export interface AgentSession {
  id: string;
  /** The agent's pod. */
  pod: string;
  client: SessionClient;
  tunnel: Tunnel;
  /** Settles when the agent has answered the request for the session. */
  started: Promise<unknown>;
}

/**
 * Gets an agent and asks it for a session. `onStart` is called with each connection that is tried, in the
 * same turn as the request is sent: what it sends goes along with it.
 * @param agents the agents that were there a moment ago.
 * @returns what `onStart` returned for the session that was started.
 * @throws Failure, ApiError, ProblemError.
 */
export async function openSession<Result>(
  api: ApiClient,
  request: AgentRequest,
  agents: Pod[],
  spec: SessionSpec,
  onStart: (session: AgentSession) => Result,
): Promise<{ session: AgentSession; result: Result }> {
  const { options, signal } = request;
  const excluded = new Set(request.excluded);
  let known = agents;
  for (let attempt = 1; ; attempt++) {
    const attempted = { ...request, excluded };
    const pod = findWarmAgent(known, attempted) ?? (await startAgent(api, attempted));
    const { name } = pod.metadata;
    const tunnel = openTunnel(api.connection, { namespace: options.namespace, pod: name });
    const client = new SessionClient(tunnel, spec.terminal === null);
    const id = randomUUID();
    const session = { id, pod: name, client, tunnel, started: client.startSession(id, spec, signal) };
    try {
      const result = onStart(session);
      await session.started;
      return { session, result };
    } catch (error) {
      client.close();
      tunnel.destroy();
      if (attempt === maxAttempts || !isAgentGone(error, tunnel)) throw error;
      excluded.add(pod.metadata.uid);
      known = known.filter(({ metadata }) => metadata.uid !== pod.metadata.uid);
    }
  }
}

/** Whether that agent takes no session any more, and surely has not started this one. */
function isAgentGone(error: unknown, tunnel: Tunnel): boolean {
  if (error instanceof ProblemError) return error.code === 'draining';
  if (tunnel.receivedAny) return false;
  if (error instanceof ApiError) return error.status === 404;
  return error instanceof Failure && error.code === 'tunnelFailed';
}
