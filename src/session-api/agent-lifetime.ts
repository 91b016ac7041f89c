/**
 * The longest life of an agent that was started for a session, counted from the creation of its Job. So a forgotten
 * agent ends, too. Agents that `install` keeps have no such limit.
 */
export const agentLifetimeSeconds = 24 * 60 * 60;
