import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ProblemError } from '../../session-api/problem.ts';
import type { SessionSpec } from '../../session-api/session-spec.ts';
import { type AgentRequest, findWarmAgent, startAgent } from '../agent-pods/start-agent.ts';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';
import type { Pod } from '../api/kubernetes-objects.ts';
import { connectToAgent, type SessionConnection } from './agent-connection.ts';
import type { Tunnel } from './tunnel.ts';

/** An agent may be ending just when it is found, and a connection may be cut. */
const maxAttempts = 4;
const retryDelayMs = 200;

/** What a session is to be; its tunnel is known only when there is a connection. */
export type SessionRequest = Omit<SessionSpec, 'audit'> & { audit: Omit<SessionSpec['audit'], 'tunnelID'> };

/** One session with an agent, and the connection that it was started over. */
export interface AgentSession {
  id: string;
  /** The agent's pod. */
  pod: string;
  connection: SessionConnection;
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
  spec: SessionRequest,
  onStart: (session: AgentSession) => Result,
): Promise<{ session: AgentSession; result: Result }> {
  const { options, signal } = request;
  const excluded = new Set(request.excluded);
  let known = agents;
  let id = randomUUID();
  for (let attempt = 1; ; attempt++) {
    const attempted = { ...request, excluded };
    const pod = findWarmAgent(known, attempted) ?? (await startAgent(api, attempted));
    const agent = { namespace: options.namespace, pod: pod.metadata.name };
    const connection = connectToAgent(api.connection, agent, spec.terminal === null);
    const { client, tunnel } = connection;
    const audit = { ...spec.audit, tunnelID: tunnel.id };
    const started = client.startSession(id, { ...spec, audit }, signal);
    const session = { id, pod: agent.pod, connection, started };
    try {
      const result = onStart(session);
      await started;
      return { session, result };
    } catch (error) {
      connection.close();
      if (attempt === maxAttempts || signal.aborted) throw error;
      if (isAgentGone(error, tunnel)) {
        id = randomUUID();
        excluded.add(pod.metadata.uid);
        known = known.filter(({ metadata }) => metadata.uid !== pod.metadata.uid);
      } else if (error instanceof Failure && error.code === 'connectionLost') {
        // The same agent again, and the same id: what may have begun there does not begin twice.
        known = [pod];
        await delay(retryDelayMs * attempt, undefined, { signal });
      } else throw error;
    }
  }
}

/** Whether that agent takes no session any more, and surely has not started this one. */
function isAgentGone(error: unknown, tunnel: Tunnel): boolean {
  if (error instanceof ProblemError) return error.code === 'draining';
  if (tunnel.receivedBytes > 0) return false;
  if (error instanceof ApiError) return error.status === 404;
  return error instanceof Failure && error.code === 'tunnelFailed';
}
