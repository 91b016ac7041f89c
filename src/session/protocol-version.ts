/** The session API's versions that this build speaks. */
export const protocolRange = { minimum: 1, maximum: 1 } as const;

/** Path of the agent's unix socket inside the agent container; the relay connects to it. */
export const agentSocketPath = '/run/crashcart/agent.sock';

/** Path of the relay inside the agent image; its only argument is the tunnel ID, for the audit log. */
export const relayPath = '/usr/local/bin/crashcart-relay';

/** Answer of `GET /v1`: who the agent is and what it speaks. */
export interface AgentInfo {
  version: string;
  protocol: { minimum: number; maximum: number };
  node: string;
  /** true once the agent has decided to exit: it takes no further session. */
  draining: boolean;
}

/** Where the agent's pod has another toolbox than its own. */
export const otherToolboxPath = '/toolbox-image';
