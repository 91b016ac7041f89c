import type { Asciicast, AsciicastEvent } from './asciicast.ts';

/** How a shell in a session asks for the next command. */
export const sessionPrompt = /# $/;

/** What a terminal showed before the session on it began. */
export interface Opening {
  events: AsciicastEvent[];
  /** When the session's first prompt was seen, on the clock of these events. */
  promptSeconds: number;
}

/**
 * Puts the command line that opened a session in front of its recording: that has only what was shown inside. The
 * first prompt, which both have seen, brings their clocks together, so that the session takes as long to open as
 * it did.
 * @throws when there is no prompt in the recording.
 */
export function prependOpening(
  { events, promptSeconds }: Opening,
  { header, events: recorded }: Asciicast,
): Asciicast {
  let shown = '';
  const first = recorded.find(([, kind, data]) => kind === 'o' && sessionPrompt.test((shown += data)));
  if (!first) throw new Error('there is no prompt in the recording of the session');
  const delay = promptSeconds - first[0];
  const later = recorded.map(([seconds, kind, data]): AsciicastEvent => [seconds + delay, kind, data]);
  return {
    header,
    // As many digits as --record writes.
    events: [...events, ...later].map(([seconds, ...event]) => [Number(seconds.toFixed(6)), ...event]),
  };
}
