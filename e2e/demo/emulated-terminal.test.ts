import { describe, expect, test } from '@jest/globals';
import { EmulatedTerminal } from './emulated-terminal.ts';
import { type CellStyle, readScreenText, type Run, type Screen } from './screen.ts';
import { defaultBackground, defaultForeground } from './terminal-colours.ts';

async function show(text: string, columns = 40, rows = 4): Promise<Screen> {
  const terminal = new EmulatedTerminal(columns, rows);
  await terminal.write(text);
  return terminal.readScreen();
}

const showRow = async (text: string): Promise<Run[]> => (await show(text)).rows[0] ?? [];
const showStyle = async (sequence: string): Promise<CellStyle | undefined> =>
  (await showRow(`\x1b[${sequence}mx`))[0]?.style;

describe('a screen', () => {
  test('shows what is left of what was written, where it was written', async () => {
    const screen = await show('one\r\ntwo\x1b[1;3HE\x1b[3;5Hlow\x1b[2;1H\x1b[K', 20, 4);
    expect(readScreenText(screen)).toBe('onE\n\n    low');
    expect(screen.cursor).toEqual({ column: 0, row: 1 });
  });

  test('has scrolled what does not fit, and keeps the cursor on itself', async () => {
    const screen = await show('1\r\n2\r\n3\r\n12345', 5, 3);
    expect(readScreenText(screen)).toBe('2\n3\n12345');
    expect(screen.cursor).toEqual({ column: 4, row: 2 });
  });

  test('shows the cursor only while the program wants it', async () => {
    expect((await show('\x1b[?25l')).cursor).toBeNull();
    expect((await show('\x1b[?25l\x1b[?12;25h')).cursor).toEqual({ column: 0, row: 0 });
  });

  test('gives wide characters two columns, and each a run of its own', async () => {
    const row = await showRow('a中😀b');
    expect(row.map(({ column, text, cells }) => [column, text, cells])).toEqual([
      [0, 'a', 1],
      [1, '中', 2],
      [3, '😀', 2],
      [5, 'b', 1],
    ]);
  });

  test('leaves blanks out unless something is seen of them', async () => {
    const row = await showRow('  a b  \x1b[44m  \x1b[0m  ');
    expect(row.map(({ column, text }) => [column, text])).toEqual([
      [2, 'a b'],
      [7, '  '],
    ]);
  });
});

describe('a cell', () => {
  test.each([
    ['32', '#3fb950'],
    ['91', '#ffa198'],
    ['38;5;208', '#ff8700'],
    ['38;5;232', '#080808'],
    ['38;5;255', '#eeeeee'],
    ['38;2;1;2;255', '#0102ff'],
  ])('of the attribute %s has the colour %s', async (sequence, colour) => {
    expect(await showStyle(sequence)).toMatchObject({ foreground: colour, background: null });
  });

  test('swaps its colours when it is inverse', async () => {
    expect(await showStyle('7;32')).toMatchObject({ foreground: defaultBackground, background: '#3fb950' });
    expect(await showStyle('7')).toMatchObject({ background: defaultForeground });
  });

  test.each([
    ['1', 'bold'],
    ['2', 'dim'],
    ['3', 'italic'],
    ['4', 'underline'],
    ['9', 'strikethrough'],
  ] as const)('of the attribute %s is %s, and nothing else', async (sequence, name) => {
    const plain = await showStyle('0');
    expect(await showStyle(sequence)).toEqual({ ...plain, [name]: true });
  });

  test('that is concealed shows nothing', async () => {
    expect(await showRow('\x1b[8msecret')).toEqual([]);
  });
});
