const shownCharacters = 8;

/** @returns the command line that comes back to a session; a default is left out. */
export function formatAttachCommand(sessionID: string, agentNamespace: string): string {
  const namespace = agentNamespace === 'crashcart' ? '' : ` --agent-namespace ${agentNamespace}`;
  return `kubectl crashcart attach ${sessionID.slice(0, shownCharacters)}${namespace}`;
}
