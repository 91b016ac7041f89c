import { agentLifetimeSeconds } from '../../../session-api/agent-lifetime.ts';
import { Failure } from '../../../failure/failure.ts';
import type { Pod } from '../../api/objects/kubernetes-objects.ts';
import { residentLabels } from './resident-spec.ts';

const secondsPerHour = 3600;

/** Whether `install` keeps an agent. */
export function isResident({ metadata }: Pod): boolean {
  return metadata.labels[residentLabels.key] !== undefined;
}

/**
 * Refuses to keep a detached session for longer than its agent can run.
 * @param isKept whether `install` keeps the agent, which then has no limit; asked only when that matters.
 * @throws Failure `keepRefused`.
 */
export function refuseLongKeep(keepSeconds: number, isKept: () => boolean): void {
  if (keepSeconds <= agentLifetimeSeconds || isKept()) return;
  const limitHours = agentLifetimeSeconds / secondsPerHour;
  throw new Failure(
    'keepRefused',
    `the session can't be kept for longer than ${limitHours} h: its agent ends ${limitHours} h after its start`,
    `Ask for at most --keep ${limitHours}h. An agent that \`kubectl crashcart install\` keeps on the node has no such limit.`,
  );
}
