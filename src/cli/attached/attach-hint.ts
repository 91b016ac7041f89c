const shownCharacters = 8;

/** @returns the command that comes back to a session, as it is typed; what is the default is left out. */
export function formatAttachCommand(sessionID: string, agentNamespace: string): string {
  const namespace = agentNamespace === 'crashcart' ? '' : ` --agent-namespace ${agentNamespace}`;
  return `kubectl crashcart attach ${sessionID.slice(0, shownCharacters)}${namespace}`;
}
