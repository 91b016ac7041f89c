import type { ApiClient } from '../../cluster/api-client.ts';
import { createTargetEvent } from '../../cluster/target-event.ts';
import { escapeText } from '../../terminal/escape-text.ts';
import type { Context } from '../context.ts';
import type { FoundTarget } from './found-target.ts';
import type { SessionOptions } from './session-options.ts';

const limitMs = 5000;

/** Leaves an Event on the target if the user wants one; when it can't be left, that is only a warning. */
export async function leaveEvent(
  api: ApiClient,
  { target, claimedUser }: FoundTarget,
  { event, reason, command }: SessionOptions,
  { stderr }: Context,
): Promise<void> {
  if (!event) return;
  const who = claimedUser ?? 'Somebody';
  const what = command === null ? 'a shell' : `\`${command.join(' ')}\``;
  const message = `${who} debugs it with ${what}${reason === null ? '' : `: ${reason}`}`;
  try {
    await createTargetEvent(api, target, message, AbortSignal.timeout(limitMs));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    stderr.write(`warning: no Event was left on the target: ${escapeText(why)}\n`);
  }
}
