/**
 * How long an agent runs at most that a session has made, from the making of its Job: one that was forgotten ends, too.
 * Those that `install` keeps have no such limit.
 */
export const agentLifetimeSeconds = 24 * 60 * 60;
