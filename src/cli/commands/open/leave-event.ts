import { getErrorMessage } from '../../../failure/error-message.ts';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import { createTargetEvent } from '../../../cluster/target/target-event.ts';
import type { Context } from '../../context.ts';
import type { FoundTarget } from './find-target.ts';
import type { SessionOptions } from './session-request.ts';

const limitMs = 5000;

/** @returns the message of the Event that a session leaves. */
export function describeEvent(
  { claimedUser }: Pick<FoundTarget, 'claimedUser'>,
  { reason, command }: Pick<SessionOptions, 'reason' | 'command'>,
): string {
  const who = claimedUser ?? 'Somebody';
  const what = command === null ? 'a shell' : `\`${command.join(' ')}\``;
  return `${who} debugs it with ${what}${reason === null ? '' : `: ${reason}`}`;
}

/** Leaves an Event on the target if the user wants one. A failure is only a warning. */
export async function leaveEvent(
  api: ApiClient,
  found: Pick<FoundTarget, 'target' | 'claimedUser'>,
  options: Pick<SessionOptions, 'event' | 'reason' | 'command'>,
  { reporter }: Context,
): Promise<void> {
  if (!options.event) return;
  const message = describeEvent(found, options);
  try {
    await createTargetEvent(api, found.target, message, AbortSignal.timeout(limitMs));
  } catch (error) {
    const why = getErrorMessage(error);
    reporter.warning(`no Event was left on the target: ${why}`);
  }
}
