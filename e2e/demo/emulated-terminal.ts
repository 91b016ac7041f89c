import { isDeepStrictEqual } from 'node:util';
import unicode11 from '@xterm/addon-unicode11';
// CommonJS: its names can't be imported one by one.
import xterm, { type IBufferCell, type IBufferLine, type Terminal } from '@xterm/headless';
import type { CellStyle, Run, Screen } from './screen.ts';
import { defaultBackground, defaultForeground, formatColour, getPaletteColour } from './terminal-colours.ts';

/** The private mode of DECSET and DECRST that shows the cursor (DECTCEM). */
const cursorMode = 25;
/** Its glyphs are in every monospace font; others may come from a font of another width. */
const ascii = /^[ -~]+$/;

/** A terminal without a window: takes what a program writes, and tells what would be seen. */
export class EmulatedTerminal {
  readonly #terminal: Terminal;
  #hasCursor = true;

  constructor(columns: number, rows: number) {
    // What has left the screen is never shown again. The proposed part is the width of characters.
    const options = { cols: columns, rows, scrollback: 0, allowProposedApi: true };
    this.#terminal = new xterm.Terminal(options);
    // Emoji take two columns, as the programs that write them expect.
    this.#terminal.loadAddon(new unicode11.Unicode11Addon());
    this.#terminal.unicode.activeVersion = '11';
    this.#watchCursorMode('h', true);
    this.#watchCursorMode('l', false);
  }

  /** Settles when it is interpreted. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(text, resolve));
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  readScreen(): Screen {
    const { cols: columns, rows: height } = this.#terminal;
    const buffer = this.#terminal.buffer.active;
    const rows = Array.from({ length: height }, (_, row) =>
      readRuns(buffer.getLine(buffer.baseY + row), columns),
    );
    // Behind the last column it waits for the next character, and is shown on the last.
    const cursor = { column: Math.min(buffer.cursorX, columns - 1), row: buffer.cursorY };
    return { columns, rows, cursor: this.#hasCursor ? cursor : null };
  }

  /** The emulator knows, and does not tell. */
  #watchCursorMode(final: string, shown: boolean): void {
    this.#terminal.parser.registerCsiHandler({ prefix: '?', final }, (parameters) => {
      if (parameters.includes(cursorMode)) this.#hasCursor = shown;
      // The emulator is to act upon it all the same.
      return false;
    });
  }
}

function readRuns(line: IBufferLine | undefined, columns: number): Run[] {
  const runs: Run[] = [];
  for (let column = 0; column < columns; column++) {
    const cell = line?.getCell(column);
    const cells = cell?.getWidth() ?? 0;
    // The second half of a wide character.
    if (!cell || cells === 0) continue;
    const text = cell.isInvisible() ? ' '.repeat(cells) : cell.getChars() || ' ';
    const run: Run = { column, text, cells, style: readStyle(cell) };
    const last = runs.at(-1);
    if (last && canJoin(last, run)) {
      last.text += run.text;
      last.cells += run.cells;
    } else runs.push(run);
  }
  return runs.flatMap(trimBlanks);
}

/** Whether the two have one look, and glyphs of one width. */
function canJoin(run: Run, next: Run): boolean {
  return (
    ascii.test(run.text) &&
    ascii.test(next.text) &&
    run.column + run.cells === next.column &&
    isDeepStrictEqual(run.style, next.style)
  );
}

/** Blanks that show nothing are left out: they would only make the file larger. */
function trimBlanks(run: Run): Run[] {
  const { background, underline, strikethrough } = run.style;
  if (background !== null || underline || strikethrough) return [run];
  const text = run.text.trim();
  if (text === '') return [];
  const start = run.text.length - run.text.trimStart().length;
  const cells = run.cells - (run.text.length - text.length);
  return [{ ...run, column: run.column + start, text, cells }];
}

function readStyle(cell: IBufferCell): CellStyle {
  const foreground = readColour(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor());
  const background = readColour(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor());
  const inverse = cell.isInverse() !== 0;
  return {
    foreground: inverse ? (background ?? defaultBackground) : foreground,
    background: inverse ? (foreground ?? defaultForeground) : background,
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
    italic: cell.isItalic() !== 0,
    underline: cell.isUnderline() !== 0,
    strikethrough: cell.isStrikethrough() !== 0,
  };
}

function readColour(isDefault: boolean, isRGB: boolean, colour: number): string | null {
  if (isDefault) return null;
  return isRGB ? formatColour(colour) : getPaletteColour(colour);
}
