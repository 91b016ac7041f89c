/**
 * Numbers that the agent, images/agent/enter-target.sh and images/agent/session-init.c must agree on. Each language
 * names them once; a test compares them.
 */

/** Descriptors 0 to 2 are the command's own streams. */
export const enteringDescriptors = {
  pid_namespace: 3,
  net_namespace: 4,
  ipc_namespace: 5,
  uts_namespace: 6,
  /** Variables for the command alone, opened by enter-target.sh and read by session-init. */
  command_environment: 8,
  /** The program session-init, opened before the agent's files are out of reach. */
  session_init: 9,
} as const;

/** SIGRTMIN+3, systemd's "halt": session-init then ends and reaps the session's processes. */
export const haltSignal = 37;
