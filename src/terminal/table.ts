import Table from 'cli-table3';
import { escapeText } from './escape-text.ts';

const nothing = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);

/** @returns a table as kubectl prints it: headings in capitals, columns apart by three blanks. */
export function formatTable(headings: string[], rows: string[][]): string {
  const table = new Table({
    head: headings,
    chars: nothing,
    style: { 'padding-left': 0, 'padding-right': 3, head: [], border: [] },
  });
  table.push(...rows.map((row) => row.map((cell) => escapeText(cell.replaceAll(/\s+/g, ' ')))));
  const lines = table.toString().split('\n');
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
