import { findWarmAgent, listAgents } from '../agent-pods/find-agent.ts';
import { startAgent } from '../agent-pods/start-agent.ts';
import type { AgentOptions } from '../agent-pods/agent-spec.ts';
import type { AgentProgress } from '../agent-pods/agent-wait.ts';
import type { ApiClient } from '../api/api-client.ts';
import { removeUnusedAgents } from '../session/unused-agents.ts';
import { Failure } from '../../failure/failure.ts';
import { type CheckResult, failBy, type Finding, pass } from './finding.ts';

/** How the doctor starts an agent. */
export interface AgentStart {
  timeoutMs: number;
  onProgress: AgentProgress;
}

/** The result of an agent's start. */
export interface CheckedStart {
  finding: Finding;
  /** What is wrong with the agent's image; null when the start did not fail for its image. */
  image: CheckResult | null;
}

/**
 * Starts an agent on a node as a session does, unless one runs there that a session would use. The agent ends by itself
 * after its idle time.
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
  const made = new Set<string>();
  const onMade = (job: string) => made.add(job);
  try {
    const warm = findWarmAgent(await listAgents(api, options.namespace, signal), { node, options });
    if (warm) return { finding: { check, ...pass(`an agent runs on "${node}" already`) }, image: null };
    const startedAt = performance.now();
    // A user who may not read nodes can start sessions all the same.
    await startAgent(api, { node, nodeIsTarget: false, options, timeoutMs, onProgress, onMade, signal });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    return { finding: { check, ...pass(`took ${seconds} s on "${node}"`) }, image: null };
  } catch (error) {
    if (signal.aborted) {
      await removeUnusedAgents(api, options.namespace, made);
      throw error;
    }
    const result = failBy(error);
    const isOfImage = error instanceof Failure && error.code === 'imageFailed';
    return { finding: { check, ...result }, image: isOfImage ? result : null };
  }
}
