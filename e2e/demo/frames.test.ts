import { describe, expect, test } from '@jest/globals';
import type { AsciicastEvent } from './asciicast.ts';
import { EmulatedTerminal } from './emulated-terminal.ts';
import { type Frame, playAsciicast } from './frames.ts';
import { readScreenText } from './screen.ts';

const play = (events: AsciicastEvent[], idleLimitMs = 2000): Promise<Frame[]> =>
  playAsciicast({ header: { version: 2, width: 20, height: 3 }, events }, idleLimitMs);
const readFrames = (frames: Frame[]) => frames.map(({ ms, screen }) => [ms, readScreenText(screen)]);

describe('the frames of a recording', () => {
  test('show what the terminal shows at their time', async () => {
    const events: AsciicastEvent[] = [
      [0, 'o', '$ '],
      [0.5, 'o', 'ls\r\n'],
      [0.8, 'o', '\x1b[34mtarget\x1b[0m\r\n\x1b[?25l'],
      [1.5, 'o', '1\r\n2\r\n'],
    ];
    const frames = await play(events);
    expect(frames.map(({ ms }) => ms)).toEqual([0, 500, 800, 1500]);
    const terminal = new EmulatedTerminal(20, 3);
    for (const [index, [, , data]] of events.entries()) {
      await terminal.write(data);
      expect(frames[index]?.screen).toEqual(terminal.readScreen());
    }
  });

  test('are one where output comes in pieces', async () => {
    const frames = await play([
      [0, 'o', '$ '],
      [1, 'o', 'a'],
      [1.01, 'o', 'b'],
      [1.039, 'o', 'c'],
      [1.04, 'o', 'd'],
    ]);
    expect(readFrames(frames)).toEqual([
      [0, '$'],
      [1000, '$ abc'],
      [1040, '$ abcd'],
    ]);
  });

  test('differ from one to the next', async () => {
    const frames = await play([
      [0, 'o', '$ '],
      [0.5, 'i', 'typed'],
      [1, 'o', '\x07\x1b[0m'],
      [2, 'o', 'a'],
    ]);
    expect(readFrames(frames)).toEqual([
      [0, '$'],
      [2000, '$ a'],
    ]);
  });

  test('wait no longer than the limit while nothing happens', async () => {
    const frames = await play(
      [
        [5, 'o', 'a'],
        [6, 'o', 'b'],
        [3600, 'o', 'c'],
      ],
      1500,
    );
    expect(frames.map(({ ms }) => ms)).toEqual([0, 1500, 2500, 4000]);
  });

  test('follow the terminal’s size', async () => {
    const frames = await play([
      [0, 'o', 'a'],
      [1, 'r', '30x5'],
      [2, 'r', '999999x999999'],
    ]);
    expect(frames.map(({ screen }) => [screen.columns, screen.rows.length])).toEqual([
      [20, 3],
      [30, 5],
    ]);
  });
});
