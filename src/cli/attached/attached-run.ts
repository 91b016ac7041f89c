import type { ClientSession } from '../../cluster/session/client-session.ts';
import type { SessionEnd } from '../../session-api/session-end.ts';
import type { Lifetime } from '../process/lifetime.ts';
import type { TerminalAttachment } from './terminal-attachment.ts';

/**
 * Attaches our terminal to a session until the session ends, is left, or our run ends. A session that we started does
 * not outlive the run; a session that was there before goes on.
 * @returns how the session ended; null when it was left running.
 * @throws the reason of the run's end; what {@link TerminalAttachment.run} throws.
 */
export async function runAttached(
  attachment: TerminalAttachment,
  session: ClientSession,
  lifetime: Lifetime,
): Promise<SessionEnd | null> {
  const close = () => {
    attachment.close();
    session.close();
  };
  const undone = [
    lifetime.defer(close),
    lifetime.defer((signal) => attachment.part(signal)),
    lifetime.interceptInterrupts(() => attachment.passInterrupt()),
  ];
  const outcome = await lifetime.race(attachment.run(session));
  for (const forget of undone) forget();
  close();
  return outcome.kind === 'ended' ? outcome.end : null;
}
