import type { CellStyle, Run } from './screen.ts';
import { escapeXML } from './xml-text.ts';

/** Of a cell, in the picture's units; characters of most monospace fonts are 0.6 times as wide as high. */
export const cellWidth = 9;
export const rowHeight = 20;
export const fontSize = 15;
const baseline = 15;

/** Draws a row of the terminal, from (0, y) on. */
export function drawRow(runs: Run[], y: number): string {
  return runs.map((run) => drawBackground(run, y) + drawText(run, y)).join('');
}

function drawBackground({ column, cells, style: { background } }: Run, y: number): string {
  if (background === null) return '';
  const [x, width] = [column * cellWidth, cells * cellWidth];
  return `<rect x="${x}" y="${y}" width="${width}" height="${rowHeight}" fill="${background}"/>`;
}

function drawText({ column, text, cells, style }: Run, y: number): string {
  // Columns stand below each other in whatever font there is; a lone character has nothing to be spaced from.
  const length = cells > 1 && text.length > 1 ? ` textLength="${cells * cellWidth}"` : '';
  const position = `x="${column * cellWidth}" y="${y + baseline}"${length}`;
  return `<text ${position}${formatStyle(style)}>${escapeXML(text)}</text>`;
}

function formatStyle({ foreground, bold, dim, italic, underline, strikethrough }: CellStyle): string {
  const lines = [underline && 'underline', strikethrough && 'line-through'].filter(Boolean);
  return [
    foreground !== null && ` fill="${foreground}"`,
    bold && ' font-weight="bold"',
    dim && ' opacity=".6"',
    italic && ' font-style="italic"',
    lines.length > 0 && ` text-decoration="${lines.join(' ')}"`,
  ]
    .filter((attribute) => attribute !== false)
    .join('');
}
