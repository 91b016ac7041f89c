import { agentLifetimeSeconds } from '../session-api/agent-lifetime.ts';
import type { AgentConfig } from './agent-config.ts';

/** The Job's time begins before the agent's: the image was pulled, and the pod started. */
const startLimitSeconds = 10 * 60;

/**
 * Says why the agent was told to end, for whoever has a session in it. No signal says so: it is the time that tells.
 * @param uptimeSeconds for how long it has run.
 */
export function describeShutdown(
  { node, idleMs }: Pick<AgentConfig, 'node' | 'idleMs'>,
  uptimeSeconds: number,
): string {
  // Those that don't end by being idle are kept by `install`, which gives them no last hour either.
  if (idleMs !== null && uptimeSeconds >= agentLifetimeSeconds - startLimitSeconds)
    return `the agent on the node "${node}" has run for ${agentLifetimeSeconds / 3600} h, and no agent runs for longer`;
  return `the agent on the node "${node}" was told to end: its pod is deleted, or the node shuts down`;
}
