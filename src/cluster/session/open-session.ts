import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ProblemError } from '../../session-api/problem.ts';
import { Failure } from '../../failure/failure.ts';
import { getPodStep } from '../agent-pods/agent-pod-step.ts';
import { refuseMissingRelay } from '../agent-pods/refusals/foreign-image.ts';
import { findWarmAgent } from '../agent-pods/find-agent.ts';
import { type AgentRequest, startAgent } from '../agent-pods/start-agent.ts';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError, isNotFound } from '../api/api-error.ts';
import { ForeignAnswerError } from '../api/error-answer.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { isPassingStatus } from '../api/request-retry.ts';
import { pods } from '../api/resources.ts';
import { type Connect, connectToAgent } from './agent-connection.ts';
import { ClientSession, type SessionRequest, type SessionSinks } from './client-session.ts';
import type { AgentAddress, Tunnel } from './tunnel.ts';
import { removeFailedAgents, removeUnusedAgents } from './unused-agents.ts';

/** An agent may be about to end when it is found, and a connection may be cut. */
const maxAttempts = 4;
const retryDelayMs = 200;
const fullDelayMs = 1000;
/** The kubelet reports the end of a container a moment after the runtime has no such container any more. */
const podStatusLimitMs = 3000;
const podStatusPollMs = 250;
/** After this time the user is told what is being waited for. */
const slowStartMs = 2000;
/** Limit of ending a session that was started in vain. */
const endLimitMs = 3000;

/** The agent that a session needs. */
export interface SessionAgent extends Omit<AgentRequest, 'excluded' | 'onMade'> {
  /** The agents that were there a moment ago. */
  known: Pod[];
  /** How the session gets its connections; they are its own when this is left out. */
  connect?: Connect;
}

/**
 * Gets an agent, a running one or a new one, and starts a session there. The requests for the outputs go out
 * together with the one that starts the session.
 * @param sinks null for a session that is started detached: its outputs are not read.
 * @returns the session, which the agent has started.
 * @throws Failure: any code of {@link startAgent}, `tunnelFailed`, `connection`, `connectionLost`, `timeout`,
 *   `foreignAnswer`, `agentFailed`; ApiError; ProblemError; the reason of the agent's signal. Whatever is thrown, the command does not run, now or later, as far
 *   as the agent can be reached; after the signal, an agent that was made for this session and that nobody uses is gone.
 */
export async function openSession(
  api: ApiClient,
  agent: SessionAgent,
  spec: SessionRequest,
  sinks: SessionSinks | null,
): Promise<ClientSession> {
  const { node, nodeIsTarget, options, timeoutMs, onProgress, signal, connect = connectToAgent } = agent;
  const { namespace } = options;
  const excluded = new Set<string>();
  const made = new Set<string>();
  /** UIDs of the pods that were not there before. */
  const started = new Set<string>();
  const onMade = (job: string) => made.add(job);
  const startedAt = performance.now();
  let { known } = agent;
  let id = randomUUID();
  /** What the agent may have begun, or may still begin when it gets the request. */
  let begun: ClientSession | null = null;
  try {
    for (let attempt = 1; ; attempt++) {
      const request = { node, nodeIsTarget, options, timeoutMs, excluded, onProgress, onMade, signal };
      const warm = findWarmAgent(known, request);
      const pod = warm ?? (await startAgent(api, request));
      if (warm === null) started.add(pod.metadata.uid);
      const address = { namespace, pod: pod.metadata.name };
      const { tunnel, session } = join(api, { id, address, limitMs: timeoutMs, connect }, spec, signal);
      try {
        const starting = session.start(spec, signal);
        // In the same turn: the agent has them answered as soon as the command has started.
        if (sinks !== null) session.read(sinks);
        // Of a start that is waited for, the caller tells.
        await (spec.catch === null ? tellSlowStart(starting, node, onProgress) : starting);
        return session;
      } catch (error) {
        if (tunnel.hasSent) begun = session;
        // The agent's own answer: it has no such session.
        if (error instanceof ProblemError) begun = null;
        if (begun !== session) session.close();
        const isWaiting = isFull(error) && performance.now() - startedAt < timeoutMs;
        if ((attempt >= maxAttempts && !isWaiting) || signal.aborted) throw error;
        if (isWaiting) {
          // It has stood in the agent's line for a while before it was refused: it stands in line again.
          id = randomUUID();
          known = [pod];
          await delay(fullDelayMs, undefined, { signal });
        } else if (isAgentGone(error, tunnel)) {
          if (started.has(pod.metadata.uid)) await refuseFailedStart(api, address, request, error);
          begun = null;
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
        session.close();
      }
    }
  } catch (error) {
    // An agent that can't be reached ends the session after its time without a client.
    await begun?.delete(AbortSignal.timeout(endLimitMs)).catch(() => undefined);
    begun?.close();
    if (signal.aborted) await removeUnusedAgents(api, namespace, made);
    else if (error instanceof Failure && error.code === 'imageFailed')
      await removeFailedAgents(api, namespace, made);
    throw error;
  }
}

function join(
  api: ApiClient,
  { id, address, limitMs, connect }: { id: string; address: AgentAddress; limitMs: number; connect: Connect },
  spec: SessionRequest,
  signal: AbortSignal,
): { tunnel: Tunnel; session: ClientSession } {
  const hasTerminal = spec.terminal !== null;
  const mode = hasTerminal ? 'interactive' : 'bulk';
  const connection = connect(api.connection, address, { mode, limitMs });
  const joined = {
    id,
    agent: address,
    holder: { client: spec.client, audit: spec.audit },
    isNew: true,
    hasTerminal,
    outputBufferBytes: spec.outputBufferBytes,
    reconnectLimitMs: spec.graceSeconds * 1000,
    connect,
  };
  return { tunnel: connection.tunnel, session: new ClientSession(api, connection, joined, signal) };
}

/** Tells that the agent takes its time: sessions wait in line there when there is no memory for one more. */
async function tellSlowStart(
  starting: Promise<unknown>,
  node: string,
  onProgress: SessionAgent['onProgress'],
): Promise<void> {
  const tell = () =>
    onProgress(
      `the agent on ${node} has not started the command yet: it waits for memory, or for the target`,
    );
  const timer = setTimeout(tell, slowStartMs);
  try {
    await starting;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Finds out why a new agent can't be reached: another one of the same image would end as this one did.
 * @throws Failure `imageFailed` when the image is not an agent's, `agentFailed` when the agent has crashed.
 */
async function refuseFailedStart(
  api: ApiClient,
  { namespace, pod: name }: AgentAddress,
  { options, node, signal }: Omit<AgentRequest, 'onMade'>,
  error: unknown,
): Promise<void> {
  if (error instanceof ProblemError || !(error instanceof Error)) return;
  refuseMissingRelay(options.image, node, error);
  const endMs = performance.now() + podStatusLimitMs;
  while (performance.now() < endMs) {
    // An agent that is gone altogether is not looked at: another one is started.
    const pod = await api.get({ ...pods.get(namespace, name), signal }).catch(() => null);
    signal.throwIfAborted();
    if (pod === null || getPodStep(pod, { options, node }).kind !== 'running') return;
    await delay(podStatusPollMs, undefined, { signal });
  }
}

/** Whether there is no room for one more session on the node: others may end, or give memory back. */
function isFull(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'capacity';
}

/** @returns null when another connection would meet the same error. */
function findRetryDelay(error: unknown, attempt: number): number | null {
  const delayMs = retryDelayMs * attempt;
  // Nothing has begun: to ask once more does no harm.
  if (error instanceof ApiError || error instanceof ForeignAnswerError)
    return error.retryAfterMs ?? (isPassingStatus(error.status) ? delayMs : null);
  const isLost = error instanceof Failure && ['connection', 'connectionLost'].includes(error.code);
  return isLost ? delayMs : null;
}

/** Whether the agent takes no more sessions, and has certainly not started this one. */
function isAgentGone(error: unknown, tunnel: Tunnel): boolean {
  if (error instanceof ProblemError) return error.code === 'draining';
  if (tunnel.receivedBytes > 0) return false;
  if (error instanceof ApiError) return isNotFound(error);
  return error instanceof Failure && error.code === 'tunnelFailed';
}
