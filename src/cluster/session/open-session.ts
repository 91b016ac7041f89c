import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ProblemError } from '../../session-api/problem.ts';
import { Failure } from '../../failure/failure.ts';
import { findWarmAgent } from '../agent-pods/find-agent.ts';
import { type AgentRequest, startAgent } from '../agent-pods/start-agent.ts';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError, isNotFound } from '../api/api-error.ts';
import { ForeignAnswerError } from '../api/error-answer.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { connectToAgent } from './agent-connection.ts';
import { ClientSession, type SessionRequest, type SessionSinks } from './client-session.ts';
import type { Tunnel } from './tunnel.ts';

/** An agent may be about to end when it is found, and a connection may be cut. */
const maxAttempts = 4;
const retryDelayMs = 200;
const cleanUpLimitMs = 3000;

/** The agent that a session needs. */
export interface SessionAgent extends Omit<AgentRequest, 'excluded'> {
  /** The agents that were there a moment ago. */
  known: Pod[];
}

/**
 * Gets an agent, a running one or a new one, and starts a session there. The requests for the outputs go out
 * together with the one that starts the session.
 * @param sinks null for a session that is started detached: its outputs are not read.
 * @returns the session, which the agent has started.
 * @throws Failure: any code of {@link startAgent}, `tunnelFailed`, `connection`, `connectionLost`, `timeout`, `foreignAnswer`, `agentFailed`; ApiError;
 *   ProblemError; the reason of the agent's signal. A session that may have been started when the signal came is ended.
 */
export async function openSession(
  api: ApiClient,
  agent: SessionAgent,
  spec: SessionRequest,
  sinks: SessionSinks | null,
): Promise<ClientSession> {
  const { node, nodeIsTarget, options, timeoutMs, onProgress, signal } = agent;
  const excluded = new Set<string>();
  let { known } = agent;
  let id = randomUUID();
  for (let attempt = 1; ; attempt++) {
    const request = { node, nodeIsTarget, options, timeoutMs, excluded, onProgress, signal };
    const pod = findWarmAgent(known, request) ?? (await startAgent(api, request));
    const address = { namespace: options.namespace, pod: pod.metadata.name };
    const hasTerminal = spec.terminal !== null;
    const mode = hasTerminal ? 'interactive' : 'bulk';
    const connection = connectToAgent(api.connection, address, { mode, limitMs: timeoutMs });
    const joined = {
      id,
      agent: address,
      holder: { client: spec.client, audit: spec.audit },
      isNew: true,
      hasTerminal,
      outputBufferBytes: spec.outputBufferBytes,
      reconnectLimitMs: spec.graceSeconds * 1000,
    };
    const session = new ClientSession(api, connection, joined, signal);
    try {
      const starting = session.start(spec, signal);
      // In the same turn: the agent has them answered as soon as the command has started.
      if (sinks !== null) session.read(sinks);
      await starting;
      return session;
    } catch (error) {
      if (signal.aborted && connection.tunnel.receivedBytes > 0)
        await session.delete(AbortSignal.timeout(cleanUpLimitMs)).catch(() => undefined);
      session.close();
      if (attempt === maxAttempts || signal.aborted) throw error;
      if (isAgentGone(error, connection.tunnel)) {
        id = randomUUID();
        excluded.add(pod.metadata.uid);
        known = known.filter(({ metadata }) => metadata.uid !== pod.metadata.uid);
      } else {
        const delayMs = findRetryDelay(error, attempt);
        if (delayMs === null) throw error;
        // The same agent and the same ID: a session that has begun there does not begin twice.
        known = [pod];
        await delay(delayMs, undefined, { signal });
      }
    }
  }
}

/** @returns null when another connection would meet the same error. */
function findRetryDelay(error: unknown, attempt: number): number | null {
  if (error instanceof ApiError || error instanceof ForeignAnswerError) return error.retryAfterMs;
  const isLost = error instanceof Failure && ['connection', 'connectionLost'].includes(error.code);
  return isLost ? retryDelayMs * attempt : null;
}

/** Whether the agent takes no more sessions, and has certainly not started this one. */
function isAgentGone(error: unknown, tunnel: Tunnel): boolean {
  if (error instanceof ProblemError) return error.code === 'draining';
  if (tunnel.receivedBytes > 0) return false;
  if (error instanceof ApiError) return isNotFound(error);
  return error instanceof Failure && error.code === 'tunnelFailed';
}
