import { ProblemError } from '../problem.ts';
import type { ProtocolRange } from './protocol-version.ts';

/** Request header: the versions of the session API that the client speaks. */
export const protocolHeader = 'crashcart-protocol';

/** @returns a range as the header has it. */
export function formatProtocolRange({ minimum, maximum }: ProtocolRange): string {
  return `${minimum}-${maximum}`;
}

/**
 * Refuses a client that has no version of the session API in common with the agent. The agent decides, by the two ranges:
 * an older agent knows nothing of later versions.
 * @param header of the client. A request without the header comes from another program, and is taken.
 * @throws ProblemError `versionMismatch`, which says which of the two is to be replaced; `invalidRequest`.
 */
export function requireCommonProtocol(
  header: string | undefined,
  agent: { version: string; protocol: ProtocolRange },
): void {
  if (header === undefined) return;
  const [, minimum, maximum] = /^(\d{1,6})-(\d{1,6})$/.exec(header) ?? [];
  if (minimum === undefined)
    throw new ProblemError('invalidRequest', `${protocolHeader} is not a range: ${header}`);
  const client = { minimum: Number(minimum), maximum: Number(maximum) };
  const ranges = `the agent speaks the session API ${describeRange(agent.protocol)}, the plugin ${describeRange(client)}`;
  if (agent.protocol.maximum < client.minimum)
    throw new ProblemError(
      'versionMismatch',
      `the agent, of version ${agent.version}, is too old for this plugin: ${ranges}`,
      'Remove it: `kubectl crashcart clean --force` (its sessions end). Installed agents are replaced by `kubectl crashcart install`.',
    );
  if (client.maximum < agent.protocol.minimum)
    throw new ProblemError(
      'versionMismatch',
      `this plugin is too old for the agent, of version ${agent.version}: ${ranges}`,
      'Upgrade the plugin: `kubectl krew upgrade crashcart`.',
    );
}

function describeRange({ minimum, maximum }: ProtocolRange): string {
  return minimum === maximum ? String(minimum) : `${minimum} to ${maximum}`;
}
