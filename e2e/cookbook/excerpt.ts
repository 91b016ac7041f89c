import { stripVTControlCharacters } from 'node:util';
import { escapeText } from '../../src/failure/escape-text.ts';

const maxLines = 15;
const maxColumns = 240;
const gap = '…';

/**
 * Takes of an output the lines that show what a test looks for.
 * @param shows what the test looks for; null: the beginning. Without a match, the beginning, too.
 * @returns at most 18 lines; a line of its own marks each gap.
 */
export function takeExcerpt(output: string, shows: RegExp | null): string {
  const text = stripVTControlCharacters(output).replaceAll('\r', '').replace(/^\n+/, '').trimEnd();
  const lines = text.split('\n').map((line) => shorten(escapeText(line.trimEnd())));
  const [first, last] = findLines(text, shows) ?? [0, lines.length - 1];
  const excerpt = lines.slice(first, last + 1);
  const room = Math.max(0, maxLines - excerpt.length);
  // What is above is its heading, more often than not.
  const before = Math.min(first, room);
  const after = Math.min(lines.length - 1 - last, room - before);
  return [
    ...(first > before ? [gap] : []),
    ...cutMiddle(lines.slice(first - before, last + 1 + after)),
    ...(last + 1 + after < lines.length ? [gap] : []),
  ].join('\n');
}

/** @returns the first and the last line of what is found; null when nothing is. */
function findLines(text: string, shows: RegExp | null): [number, number] | null {
  const match = shows?.exec(text);
  if (!match) return null;
  const count = (part: string) => part.split('\n').length - 1;
  const first = count(text.slice(0, match.index));
  return [first, first + count(match[0].trimEnd())];
}

function cutMiddle(lines: string[]): string[] {
  if (lines.length <= maxLines) return lines;
  const end = Math.floor(maxLines / 2);
  return [...lines.slice(0, maxLines - end), gap, ...lines.slice(-end)];
}

function shorten(line: string): string {
  return line.length <= maxColumns ? line : `${line.slice(0, maxColumns)}${gap}`;
}
