/** Versions of the session API: any of them can be spoken. */
export interface ProtocolRange {
  minimum: number;
  maximum: number;
}

/** What this build speaks. Client and agent can be of different builds as long as these have one in common. */
export const protocolRange: ProtocolRange = { minimum: 1, maximum: 1 };

/** Path of the agent's unix socket inside the agent container; the relay connects to it. */
export const agentSocketPath = '/run/crashcart/agent.sock';

/** Path of the relay inside the agent image; its only argument is the tunnel ID, for the audit log. */
export const relayPath = '/usr/local/bin/crashcart-relay';

/** Answer of `GET /v1`: who the agent is and what it speaks. */
export interface AgentInfo {
  version: string;
  protocol: ProtocolRange;
  node: string;
  /** true once the agent has decided to exit: it takes no further session. */
  draining: boolean;
}

/** Where the agent's pod has another toolbox than its own. */
export const otherToolboxPath = '/toolbox-image';
