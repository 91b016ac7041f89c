import { isDeepStrictEqual } from 'node:util';
import type { Asciicast, AsciicastEvent } from './asciicast.ts';
import { EmulatedTerminal } from './emulated-terminal.ts';
import type { Screen } from './screen.ts';

/** What is written within this time is seen at once. */
const frameMs = 40;

/** What is seen from one moment until the next frame's. */
export interface Frame {
  ms: number;
  screen: Screen;
}

/**
 * Plays a recording on an emulated terminal.
 * @param idleLimitMs longest time in which nothing happens; what was longer is cut to it.
 * @returns what was seen; no frame shows the same as the one before it, and the first begins at 0.
 */
export async function playAsciicast({ header, events }: Asciicast, idleLimitMs: number): Promise<Frame[]> {
  const terminal = new EmulatedTerminal(header.width, header.height);
  const frames: Frame[] = [{ ms: 0, screen: terminal.readScreen() }];
  let ms = 0;
  let groupStartMs = 0;
  for (const group of groupEvents(events)) {
    const startMs = toMs(group[0]);
    ms += Math.min(startMs - groupStartMs, idleLimitMs);
    groupStartMs = startMs;
    for (const event of group) await applyEvent(terminal, event);
    const screen = terminal.readScreen();
    if (isDeepStrictEqual(frames.at(-1)?.screen, screen)) continue;
    // What is there from the start has no blank screen before it.
    if (ms === 0) frames.pop();
    frames.push({ ms, screen });
  }
  return frames;
}

/** Joins events that follow each other within a frame's time. */
function groupEvents(events: AsciicastEvent[]): [AsciicastEvent, ...AsciicastEvent[]][] {
  const groups: [AsciicastEvent, ...AsciicastEvent[]][] = [];
  for (const event of events) {
    // What was typed is seen only as far as it is shown.
    if (event[1] !== 'o' && event[1] !== 'r') continue;
    const group = groups.at(-1);
    if (group && toMs(event) < toMs(group[0]) + frameMs) group.push(event);
    else groups.push([event]);
  }
  return groups;
}

async function applyEvent(terminal: EmulatedTerminal, [, kind, data]: AsciicastEvent): Promise<void> {
  if (kind === 'o') return await terminal.write(data);
  const { columns, rows } = /^(?<columns>\d{1,3})x(?<rows>\d{1,3})$/.exec(data)?.groups ?? {};
  if (columns !== undefined && rows !== undefined) terminal.resize(Number(columns), Number(rows));
}

function toMs([seconds]: AsciicastEvent): number {
  return Math.round(seconds * 1000);
}
