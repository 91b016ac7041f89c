import { styleText } from 'node:util';
import { escapeText } from '../../../../failure/escape-text.ts';
import type { SelectedTarget } from '../../../../cluster/target/selection/target-selection.ts';
import type { ManyRequest } from './many-request.ts';

/** Each is well readable on light and dark ground, and red is for errors. */
const colours = [
  'cyan',
  'green',
  'magenta',
  'yellow',
  'blue',
  'cyanBright',
  'greenBright',
  'magentaBright',
] as const;
const colourSequence = /(\u001b\[[0-9;]*m)/;
const reset = '\u001b[0m';

/** Turns a line of a target into what is printed, with its end. */
export type LineFormat = (line: Buffer) => Uint8Array | string;

/** Where lines go. */
export interface LineDestination {
  name: 'stdout' | 'stderr';
  isTerminal: boolean;
}

/**
 * Chooses the form of a target's lines. On a terminal nothing in a line can do anything but set colours: it could look
 * like the lines of another target.
 * @param turn number of the target: its colour.
 */
export function chooseFormat(
  selected: SelectedTarget,
  label: string,
  turn: number,
  { format }: Pick<ManyRequest, 'format'>,
  { name, isTerminal }: LineDestination,
): LineFormat {
  if (format === 'json')
    return (line) =>
      `${JSON.stringify({ ...describePlace(selected), stream: name, line: line.toString() })}\n`;
  const show = isTerminal ? makeHarmless : (line: Buffer) => line;
  const prefix = format === 'plain' ? '' : `${colourLabel(label, turn, isTerminal)} `;
  return (line) => Buffer.concat([Buffer.from(prefix), Buffer.from(show(line)), Buffer.from('\n')]);
}

/** @returns an object for `-o json` that says how the command of a target has ended. */
export function formatEnd(
  selected: SelectedTarget,
  { exitCode, message }: { exitCode: number; message: string | null },
): string {
  return `${JSON.stringify({ ...describePlace(selected), exitCode, error: message })}\n`;
}

/** @returns the same for a target that can't be entered. */
export function formatRefusal(
  target: string,
  { exitCode, message }: { exitCode: number; message: string | null },
): string {
  return `${JSON.stringify({ target, exitCode, error: message })}\n`;
}

function describePlace({ target, node }: SelectedTarget): object {
  if (target.kind === 'node') return { node };
  const { namespace, pod, container } = target;
  return { namespace, pod, container, node };
}

/** styleText is told to: it would look at the process's own stdout. */
function colourLabel(label: string, turn: number, isTerminal: boolean): string {
  if (!isTerminal || process.env['NO_COLOR']) return label;
  return styleText(colours[turn % colours.length] ?? 'cyan', label, { validateStream: false });
}

function makeHarmless(line: Buffer): string {
  const parts = line.toString().replace(/\r$/, '').split(colourSequence);
  // By the split, each second part is a sequence.
  const text = parts.map((part, index) => (index % 2 === 1 ? part : escapeText(part))).join('');
  return parts.length === 1 ? text : `${text}${reset}`;
}
