import search, { Separator } from '@inquirer/search';
import { go } from 'fuzzysort';
import { escapeText } from '../failure/escape-text.ts';
import { watchLeaveKeys } from './prompt-keys.ts';
import { formatTable } from './table.ts';
import { getWindowSize } from './window-size.ts';

/** What can be chosen, as a table. */
export interface Choices<Value> {
  headings: string[];
  rows: { cells: string[]; value: Value; /** Shown when it is chosen. */ short: string }[];
}

export interface PickerTerminal {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream & { columns?: number; rows?: number };
}

/** The question, its table's headings, and what stands below. */
const otherLines = 5;
const minPageSize = 3;
/** The pointer, a blank, and one column that keeps a full line from wrapping. */
const margin = 3;

/**
 * Lets the user of a terminal choose a row: typing filters, arrows move, Enter takes.
 * @returns null when the user leaves the list: by Esc, Ctrl-C or Ctrl-D.
 * @throws the signal's reason.
 */
export async function pickRow<Value>(
  question: string,
  { headings, rows }: Choices<Value>,
  { input, output }: PickerTerminal,
  signal: AbortSignal,
): Promise<Value | null> {
  const window = getWindowSize(output);
  const lines = formatTable(
    headings,
    rows.map(({ cells }) => cells),
  ).split('\n');
  const [heading = '', ...names] = lines.map((line) => line.slice(0, window.columns - margin));
  const items = rows.map(({ cells, value, short }, index) => ({
    ...{ value, name: names[index] ?? '', short: escapeText(short) },
    text: cells.join(' '),
  }));
  const find = (term: string | undefined) =>
    term === undefined ? items : go(term, items, { key: ({ text }) => text, limit: 0 }).map(({ obj }) => obj);
  const { left, stop } = watchLeaveKeys(input);
  try {
    return await search<Value>(
      {
        message: question,
        pageSize: Math.max(minPageSize, window.rows - otherLines),
        source: (term) => {
          const found = find(term);
          return found.length === 0 ? [] : [new Separator(` ${heading}`), ...found];
        },
        theme: { style: { keysHelpTip: () => 'Type to filter · ↑↓ move · Enter takes · Esc leaves' } },
      },
      { input, output, signal: AbortSignal.any([signal, left]) },
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && ['AbortPromptError', 'ExitPromptError'].includes(error.name)) return null;
    throw error;
  } finally {
    stop();
  }
}
