import type { Frame } from './frames.ts';
import { cellWidth, drawRow, fontSize, rowHeight } from './row-markup.ts';
import { readScreenText, type Run, type Screen } from './screen.ts';
import { defaultBackground, defaultForeground } from './terminal-colours.ts';
import { formatAnimation, makeTimeline } from './timeline.ts';
import { escapeXML } from './xml-text.ts';

const padding = 16;
const borderColour = '#30363d';
const fonts = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace';

export interface AnimationOptions {
  title: string;
  /** How long the last frame is shown before all begins anew. */
  pauseMs: number;
}

interface Part {
  css: string;
  markup: string;
}

/**
 * Draws frames as one picture that moves by CSS alone: an `<img>` runs no scripts and loads nothing.
 * What does not animate, or should not, shows the last frame.
 * @param frames at least one.
 */
export function drawAnimation(frames: Frame[], { title, pauseMs }: AnimationOptions): string {
  const last = frames.at(-1);
  if (last === undefined) throw new RangeError('there is no frame');
  const durationMs = last.ms + pauseMs;
  const columns = Math.max(...frames.map(({ screen }) => screen.columns));
  const rowCount = Math.max(...frames.map(({ screen }) => screen.rows.length));
  const parts = Array.from({ length: rowCount }, (_, row) => drawRowParts(frames, row, columns, durationMs));
  parts.push(drawCursor(frames, durationMs));
  const width = columns * cellWidth + 2 * padding;
  const height = rowCount * rowHeight + 2 * padding;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"` +
      ' role="img" aria-labelledby="title desc" xml:space="preserve">',
    `<title id="title">${escapeXML(title)}</title>`,
    `<desc id="desc">${describeScreen(last.screen)}</desc>`,
    '<style>',
    // By inheritance: a rule for the text itself would win over its own attributes.
    `svg{font:${fontSize}px ${fonts};fill:${defaultForeground}}`,
    // Blanks are cells, too. What knows nothing of CSS is told by xml:space.
    'text{white-space:pre}',
    ...parts.map(({ css }) => css.trimEnd()).filter(Boolean),
    '@media(prefers-reduced-motion:reduce){*{animation:none!important}}',
    '</style>',
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"` +
      ` fill="${defaultBackground}" stroke="${borderColour}"/>`,
    `<svg x="${padding}" y="${padding}" width="${columns * cellWidth}" height="${rowCount * rowHeight}">`,
    ...parts.map(({ markup }) => markup).filter(Boolean),
    '</svg>',
    '</svg>',
    '',
  ].join('\n');
}

/**
 * Draws all that a row ever shows, each once and below each other, behind a window that is one row high; what moves
 * is which of it is in the window.
 */
function drawRowParts(frames: Frame[], row: number, columns: number, durationMs: number): Part {
  const contents = new Map<string, { index: number; runs: Run[] }>();
  const steps = frames.map(({ ms, screen }) => {
    const runs = screen.rows[row] ?? [];
    const key = JSON.stringify(runs);
    const content = contents.get(key) ?? { index: contents.size, runs };
    contents.set(key, content);
    return { ms, value: content.index };
  });
  const name = `r${row}`;
  const css = formatAnimation(
    name,
    makeTimeline(steps),
    durationMs,
    (index) => `transform:translateY(${-index * rowHeight}px)`,
  );
  const drawn = [...contents.values()].map(({ index, runs }) => drawRow(runs, index * rowHeight)).join('');
  if (drawn === '') return { css: '', markup: '' };
  const lastIndex = steps.at(-1)?.value ?? 0;
  const markup =
    `<svg y="${row * rowHeight}" width="${columns * cellWidth}" height="${rowHeight}">` +
    `<g class="${name}" transform="translate(0 ${-lastIndex * rowHeight})">${drawn}</g></svg>`;
  return { css, markup };
}

function drawCursor(frames: Frame[], durationMs: number): Part {
  const steps = frames.map(({ ms, screen: { cursor } }) => ({
    ms,
    // Hidden, it is above everything, where nothing is seen.
    value: cursor ? `${cursor.column * cellWidth}px,${cursor.row * rowHeight}px` : `0px,${-rowHeight}px`,
  }));
  const css = formatAnimation(
    'cursor',
    makeTimeline(steps),
    durationMs,
    (at) => `transform:translate(${at})`,
  );
  const at = steps.at(-1)?.value.replaceAll('px', '') ?? '';
  const markup =
    `<rect class="cursor" transform="translate(${at})" width="${cellWidth}" height="${rowHeight}"` +
    ` fill="${defaultForeground}" opacity=".6"/>`;
  return { css, markup };
}

/** @returns what is read aloud in place of the picture. */
function describeScreen(screen: Screen): string {
  return readScreenText(screen).split('\n').map(escapeXML).join('\n');
}
