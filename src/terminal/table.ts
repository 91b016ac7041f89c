import Table from 'cli-table3';
import { escapeText } from '../failure/escape-text.ts';

const nothing = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);

const gapWidth = 3;
/** Narrower than this, a column is easier to read when the terminal breaks its lines. */
const minWrappedWidth = 20;

/**
 * @param maxWidth columns of the terminal: the last column is wrapped at words to fit; null: nothing is wrapped.
 * @returns a table as kubectl prints it: headings in capitals, columns separated by three blanks.
 */
export function formatTable(headings: string[], rows: string[][], maxWidth: number | null = null): string {
  const cells = rows.map((row) => row.map((cell) => escapeText(cell.replaceAll(/\s+/g, ' '))));
  const table = new Table({
    head: headings,
    chars: nothing,
    style: { 'padding-left': 0, 'padding-right': gapWidth, head: [], border: [] },
    ...(maxWidth === null ? {} : limitWidth([headings, ...cells], maxWidth)),
  });
  table.push(...cells);
  const lines = table.toString().split('\n');
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function limitWidth(rows: string[][], maxWidth: number): { colWidths: (number | null)[]; wordWrap: boolean } {
  const count = rows[0]?.length ?? 0;
  const widths = Array.from(
    { length: count },
    (_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)) + gapWidth,
  );
  const others = widths.slice(0, -1).reduce((sum, width) => sum + width, 0);
  // The library cuts off words that are longer than the column, but an address has to be whole.
  const words = rows.flatMap((row) => (row.at(-1) ?? '').split(' ').map((word) => word.length));
  const needed = Math.max(maxWidth - others, minWrappedWidth, ...words);
  // The gap after the last column is not printed.
  const last = Math.min(widths.at(-1) ?? 0, needed + gapWidth);
  return { colWidths: [...widths.slice(0, -1), last], wordWrap: true };
}
