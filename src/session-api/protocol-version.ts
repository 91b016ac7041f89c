/** Versions of the session API: any of them can be spoken. */
export interface ProtocolRange {
  minimum: number;
  maximum: number;
}

/** What this build speaks. Client and agent can be of different builds as long as these have one in common. */
export const protocolRange: ProtocolRange = { minimum: 1, maximum: 1 };

/** Answer of `GET /v1`: who the agent is and what it speaks. */
export interface AgentInfo {
  version: string;
  protocol: ProtocolRange;
  node: string;
  /** true once the agent has decided to exit: it takes no further session. */
  draining: boolean;
}
