import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { spawn } from '@lydell/node-pty';
import { ProgressLine } from './progress.ts';
import { StatusRow } from './status-row.ts';

/** ESC [ … m sets colours, and nothing else does. */
const colourPattern = /\x1b\[[\d;]*m/;
const startLimitMs = 20_000;

/** @returns what the list to choose from looks like on a terminal, when its first row is taken. */
async function showPicker(variables: NodeJS.ProcessEnv): Promise<string> {
  const script = [
    `import { pickRow } from ${JSON.stringify(join(import.meta.dirname, 'row-picker.ts'))};`,
    `const rows = [{ cells: ['web'], value: 'web', short: 'pod/web' }];`,
    `const terminal = { input: process.stdin, output: process.stderr };`,
    `await pickRow('Target:', { headings: ['POD'], rows }, terminal, new AbortController().signal);`,
    `process.exit();`,
  ].join('\n');
  const program = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', ...variables },
  });
  let shown = '';
  let isAnswered = false;
  program.onData((text) => {
    shown += text;
    if (isAnswered || !stripVTControlCharacters(shown).includes('❯ web')) return;
    isAnswered = true;
    program.write('\r');
  });
  await new Promise((resolve) => program.onExit(resolve));
  return shown;
}

describe('the list to choose from', () => {
  test(
    'has colours on a terminal, and none with NO_COLOR (https://no-color.org)',
    async () => {
      expect(await showPicker({})).toMatch(colourPattern);
      const shown = await showPicker({ NO_COLOR: '1' });
      expect(stripVTControlCharacters(shown)).toContain('pod/web');
      expect(shown).not.toMatch(colourPattern);
    },
    startLimitMs,
  );
});

describe('what says that something is waited for', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test.each([
    ['line', ProgressLine],
    ['row', StatusRow],
  ])('by a %s writes to a terminal only', (_name, Kind) => {
    for (const isTTY of [true, false]) {
      let written = '';
      const shown = new Kind({ isTTY, write: (text) => (written += text) });
      shown.show('reconnecting…');
      jest.runAllTimers();
      expect(written.includes('reconnecting…')).toBe(isTTY);
      shown.clear();
      if (!isTTY) expect(written).toBe('');
    }
  });
});
