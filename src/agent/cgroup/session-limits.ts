/** Processes and threads of one session together: more than any tool needs, and a part of the PIDs that a node has. */
export const maxSessionProcesses = 2048;

/** What a session may take. */
export interface SessionLimits {
  memoryBytes: number;
  processes: number;
}
