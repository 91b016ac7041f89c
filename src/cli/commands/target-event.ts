import type { ApiClient } from '../../cluster/api-client.ts';
import { createTargetEvent } from '../../cluster/target-event.ts';
import { escapeText } from '../../terminal/escape-text.ts';
import type { Context } from '../context.ts';
import type { FoundTarget } from './found-target.ts';
import type { SessionOptions } from './session-options.ts';

const limitMs = 5000;

/** @returns what an Event says of a session. */
export function describeEvent(
  { claimedUser }: Pick<FoundTarget, 'claimedUser'>,
  { reason, command }: Pick<SessionOptions, 'reason' | 'command'>,
): string {
  const who = claimedUser ?? 'Somebody';
  const what = command === null ? 'a shell' : `\`${command.join(' ')}\``;
  return `${who} debugs it with ${what}${reason === null ? '' : `: ${reason}`}`;
}

/** Leaves an Event on the target if the user wants one. Nothing waits for it, and without it is only a warning. */
export function leaveEvent(
  api: ApiClient,
  found: FoundTarget,
  options: SessionOptions,
  { stderr }: Context,
): void {
  if (!options.event) return;
  const message = describeEvent(found, options);
  createTargetEvent(api, found.target, message, AbortSignal.timeout(limitMs)).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    stderr.write(`warning: no Event was left on the target: ${escapeText(why)}\n`);
  });
}
