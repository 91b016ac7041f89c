/** A range of versions of the session API, all of which can be spoken. */
export interface ProtocolRange {
  minimum: number;
  maximum: number;
}

/** What this build speaks. Client and agent of different builds work together if their ranges have a version in common. */
export const protocolRange: ProtocolRange = { minimum: 1, maximum: 1 };

/** Answer of `GET /v1`: who the agent is and what it speaks. */
export interface AgentInfo {
  version: string;
  protocol: ProtocolRange;
  node: string;
  /** true once the agent has decided to exit: it takes no further session. */
  draining: boolean;
}
