import { drawAnimation } from './animated-svg.ts';
import { parseAsciicast } from './asciicast.ts';
import { playAsciicast } from './frames.ts';

/** Enough to see that something takes its time. */
const idleLimitMs = 2000;
/** To read what is there last. */
const pauseMs = 4000;

/**
 * Makes the picture of a recording; of the same recording always the same one.
 * @param recording text of an asciicast.
 * @throws when it is none of version 2.
 */
export async function drawRecording(recording: string): Promise<string> {
  const cast = parseAsciicast(recording);
  const frames = await playAsciicast(cast, idleLimitMs);
  return drawAnimation(frames, { title: cast.header.title ?? 'a recorded terminal', pauseMs });
}
