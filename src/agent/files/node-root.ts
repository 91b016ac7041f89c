/** With hostPID, PID 1 is the node's init and its root the node's root. */
export const nodeRoot = '/proc/1/root';
