/**
 * Numbers that the agent, images/agent/enter-target.sh and session-init (images/agent/session-init.h and .c) must agree
 * on. Each language names them once; a test compares them.
 */

/** Descriptors 0 and 1 are the command's own streams. */
export const enteringDescriptors = {
  pid_namespace: 3,
  net_namespace: 4,
  ipc_namespace: 5,
  uts_namespace: 6,
  /** The command's own stderr. Until the command starts, descriptor 2 tells the agent what fails. */
  command_stderr: 7,
} as const;

/** What session-init writes to descriptor 2 once the command has been started. No message has a NUL byte. */
export const startedMark = 0;

/** SIGRTMIN+3, systemd's "halt": session-init then ends and reaps the session's processes. */
export const haltSignal = 37;
