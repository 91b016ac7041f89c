import * as z from 'zod';
import { defaultSessionMemoryBytes } from '../session-api/command-setup.ts';
import { agentPaths, agentVariables } from '../session-api/agent-paths.ts';
import { maxTimeLimitSeconds } from '../session-api/time-limit.ts';

const environmentSchema = z.object({
  [agentVariables.node]: z.string().min(1).default('unknown'),
  [agentVariables.idleSeconds]: z.coerce.number().int().min(0).max(maxTimeLimitSeconds).default(300),
  [agentVariables.sessionMemoryBytes]: z.coerce
    .number()
    .int()
    .min(16 * 1024 * 1024)
    .default(defaultSessionMemoryBytes),
  [agentVariables.toolboxPath]: z
    .enum([agentPaths.toolbox, agentPaths.otherToolbox])
    .default(agentPaths.toolbox),
});

export interface AgentConfig {
  node: string;
  /** null: it never ends by being idle. */
  idleMs: number | null;
  sessionMemoryBytes: number;
  /** Folder that is the root of sessions. */
  toolbox: string;
}

/**
 * Reads the agent's settings, which its pod's spec gives as environment variables.
 * @throws z.ZodError when one is malformed.
 */
export function readAgentConfig(environment: NodeJS.ProcessEnv): AgentConfig {
  const parsed = environmentSchema.parse(environment);
  const idleSeconds = parsed[agentVariables.idleSeconds];
  return {
    node: parsed[agentVariables.node],
    idleMs: idleSeconds === 0 ? null : idleSeconds * 1000,
    sessionMemoryBytes: parsed[agentVariables.sessionMemoryBytes],
    toolbox: parsed[agentVariables.toolboxPath],
  };
}
