import * as z from 'zod';

/** A range of versions of the session API, all of which can be spoken. */
export interface ProtocolRange {
  minimum: number;
  maximum: number;
}

/** What this build speaks. Client and agent of different builds work together if their ranges have a version in common. */
export const protocolRange: ProtocolRange = { minimum: 1, maximum: 1 };

/** Answer of `GET /v1`: who the agent is and what it speaks. */
export const agentInfoSchema = z.object({
  version: z.string(),
  protocol: z.object({ minimum: z.number(), maximum: z.number() }),
  node: z.string(),
  /** true once the agent has decided to exit: it takes no further session. */
  draining: z.boolean(),
  /** The node's clock, in milliseconds since 1970. Older agents do not send this. */
  clockMs: z.number().nullable().default(null),
});
export type AgentInfo = z.infer<typeof agentInfoSchema>;
