import { findWarmAgent, listAgents } from '../agent-pods/find-agent.ts';
import { startAgent } from '../agent-pods/start-agent.ts';
import type { AgentOptions } from '../agent-pods/agent-spec.ts';
import type { AgentProgress } from '../agent-pods/agent-wait.ts';
import type { ApiClient } from '../api/api-client.ts';
import { approve, condemn, type Finding, type Verdict } from './finding.ts';

/** How an agent is to be started, where one is. */
export interface AgentStart {
  timeoutMs: number;
  onProgress: AgentProgress;
}

/** What came of it. */
export interface CheckedStart {
  finding: Finding;
  /** What is wrong with the image, if that was it. */
  image: Verdict | null;
}

/**
 * Starts an agent on a node as a session does, if none is there that a session would use. It ends by itself when it
 * has been idle.
 * @throws what aborted the signal.
 */
export async function checkAgentStart(
  api: ApiClient,
  node: string,
  options: AgentOptions,
  { timeoutMs, onProgress }: AgentStart,
  signal: AbortSignal,
): Promise<CheckedStart> {
  const check = 'agent start';
  const request = {
    ...{ node, options, timeoutMs, onProgress, signal },
    // Who may not read nodes starts sessions all the same.
    nodeIsTarget: false,
  };
  try {
    const there = findWarmAgent(await listAgents(api, options.namespace, signal), request);
    if (there) return { finding: { check, ...approve(`one is on "${node}" already`) }, image: null };
    const startedAt = performance.now();
    await startAgent(api, request);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    return { finding: { check, ...approve(`took ${seconds} s on "${node}"`) }, image: null };
  } catch (error) {
    if (signal.aborted) throw error;
    const verdict = condemn(error);
    const isOfImage = (error as { code?: unknown }).code === 'imageFailed';
    return { finding: { check, ...verdict }, image: isOfImage ? verdict : null };
  }
}
