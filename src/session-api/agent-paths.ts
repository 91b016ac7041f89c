/** Where the agent's image, its pod and its running container have what more than one part of the code names. */
export const agentPaths = {
  /** The agent's own state: a tmpfs, gone with the container. */
  state: '/run/crashcart',
  /** The unix socket that the agent listens on, and that the relay connects to. */
  socket: '/run/crashcart/agent.sock',
  /** The command of the exec that carries a tunnel; its only argument is the tunnel's ID, for the audit log. */
  relay: '/usr/local/bin/crashcart-relay',
  enterScript: '/opt/crashcart/enter-target.sh',
  sessionInit: '/opt/crashcart/session-init',
  /** Reads files that may never answer. */
  readTarget: '/opt/crashcart/read-target',
  /** Holds a container at the start of its program. */
  catchStart: '/opt/crashcart/catch-start',
  /** The root of sessions: the toolbox of the agent's image. */
  toolbox: '/toolbox',
  /** Where the image that `--toolbox` names is mounted instead. */
  otherToolbox: '/toolbox-image',
} as const;

/** Environment variables by which the agent's pod is given its settings. */
export const agentVariables = {
  node: 'CRASHCART_NODE',
  /** Seconds; 0: the agent never ends by being idle. */
  idleSeconds: 'CRASHCART_IDLE_SECONDS',
  sessionMemoryBytes: 'CRASHCART_SESSION_MEMORY_BYTES',
  toolboxPath: 'CRASHCART_TOOLBOX_PATH',
} as const;
