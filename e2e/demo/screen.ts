/** How a terminal's cells look; what is left out is as usual. */
export interface CellStyle {
  /** `#rrggbb`; null: the terminal's own colour. */
  foreground: string | null;
  background: string | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  strikethrough: boolean;
}

/** Neighbouring cells of one look; a character that is not ASCII stands alone. */
export interface Run {
  /** From 0. */
  column: number;
  text: string;
  /** How many columns it takes. */
  cells: number;
  style: CellStyle;
}

/** What a terminal shows at one moment. */
export interface Screen {
  columns: number;
  /** From top to bottom; blank cells without a background are in none of the runs. */
  rows: Run[][];
  /** null: hidden. */
  cursor: { column: number; row: number } | null;
}

/** @returns what can be read on a screen, without the blanks at the ends of lines and of the screen. */
export function readScreenText({ rows }: Screen): string {
  const lines = rows.map((runs) => {
    let line = '';
    let columns = 0;
    for (const { column, text, cells } of runs) {
      line += ' '.repeat(column - columns) + text;
      columns = column + cells;
    }
    return line.trimEnd();
  });
  return lines.join('\n').trimEnd();
}
