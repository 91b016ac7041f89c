import * as z from 'zod';
import { defaultSessionMemoryBytes } from '../session-api/command-setup.ts';
import { otherToolboxPath } from '../session-api/protocol-version.ts';
import { maxTimeLimitSeconds } from '../session-api/time-limit.ts';

/** Where the image puts what the agent needs, and where the agent keeps its own state. */
export const agentPaths = {
  enterScript: '/opt/crashcart/enter-target.sh',
  state: '/run/crashcart',
  toolbox: '/toolbox',
} as const;

const environmentSchema = z.object({
  CRASHCART_NODE: z.string().min(1).default('unknown'),
  CRASHCART_IDLE_SECONDS: z.coerce.number().int().min(0).max(maxTimeLimitSeconds).default(300),
  CRASHCART_SESSION_MEMORY_BYTES: z.coerce
    .number()
    .int()
    .min(16 * 1024 * 1024)
    .default(defaultSessionMemoryBytes),
  CRASHCART_TOOLBOX: z.enum([agentPaths.toolbox, otherToolboxPath]).default(agentPaths.toolbox),
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
  return {
    node: parsed.CRASHCART_NODE,
    idleMs: parsed.CRASHCART_IDLE_SECONDS === 0 ? null : parsed.CRASHCART_IDLE_SECONDS * 1000,
    sessionMemoryBytes: parsed.CRASHCART_SESSION_MEMORY_BYTES,
    toolbox: parsed.CRASHCART_TOOLBOX,
  };
}
