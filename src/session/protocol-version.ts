import * as z from 'zod';

/** The session API's versions that this build speaks; an agent one version older can still be used. */
export const protocolRange = { minimum: 1, maximum: 1 } as const;

/** Path of the agent's unix socket inside the agent container; the relay connects to it. */
export const agentSocketPath = '/run/crashcart/agent.sock';

/** Path of the relay inside the agent image; its only argument is the tunnel ID, for the audit log. */
export const relayPath = '/usr/local/bin/crashcart-relay';

/** Answer of `GET /v1`: who the agent is and what it speaks. */
export const agentInfoSchema = z.object({
  version: z.string(),
  protocol: z.object({ minimum: z.number().int(), maximum: z.number().int() }),
  node: z.string(),
  /** true once the agent has decided to exit: it takes no further session. */
  draining: z.boolean(),
});
export type AgentInfo = z.infer<typeof agentInfoSchema>;

/**
 * The highest protocol version that both sides speak.
 * @returns null when the ranges do not overlap.
 */
export function negotiateProtocol(theirs: AgentInfo['protocol']): number | null {
  const highest = Math.min(theirs.maximum, protocolRange.maximum);
  return highest >= Math.max(theirs.minimum, protocolRange.minimum) ? highest : null;
}

/** Where the agent's pod has another toolbox than its own. */
export const otherToolboxPath = '/toolbox-image';
