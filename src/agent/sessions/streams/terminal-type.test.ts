import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chooseTerminalType } from './terminal-type.ts';

let toolbox: string;

beforeEach(async () => {
  toolbox = await mkdtemp(join(tmpdir(), 'toolbox-'));
});
afterEach(() => rm(toolbox, { recursive: true }));

async function addEntries(...entries: string[]): Promise<void> {
  for (const entry of entries) {
    await mkdir(join(toolbox, entry, '..'), { recursive: true });
    await writeFile(join(toolbox, entry), '');
  }
}

describe('TERM of a session', () => {
  test.each([
    ['kitty'],
    ['xterm-256color'],
    ['screen.xterm-256color'],
    ['9term'],
    // The database of macOS.
    ['vt100'],
  ])('is the user’s where the toolbox knows it: %s', async (term) => {
    await addEntries('usr/lib/terminfo/x/xterm-256color', 'usr/share/terminfo/k/kitty');
    await addEntries('etc/terminfo/s/screen.xterm-256color', 'usr/share/terminfo/9/9term');
    await addEntries('usr/share/terminfo/76/vt100');
    await symlink('usr/lib', join(toolbox, 'lib'));
    expect(await chooseTerminalType(toolbox, term)).toBe(term);
  });

  test.each([
    ['xterm-ghostty'],
    ['made-up'],
    ['../k/kitty'],
    ['k/kitty'],
    ['\u00fc'],
    ['.'],
    ['..'],
    ['a b'],
  ])('is xterm’s where the toolbox does not: %s', async (term) => {
    await addEntries('usr/share/terminfo/x/xterm-256color', 'usr/share/terminfo/k/kitty');
    await addEntries('usr/share/terminfo/x/xterm');
    expect(await chooseTerminalType(toolbox, term)).toBe('xterm-256color');
  });

  test('is the plain xterm’s in a small database', async () => {
    await addEntries('etc/terminfo/x/xterm', 'etc/terminfo/x/not-a-file/entry');
    expect(await chooseTerminalType(toolbox, 'not-a-file')).toBe('xterm');
  });

  test('is the user’s where the toolbox has no database', async () => {
    expect(await chooseTerminalType(toolbox, 'xterm-ghostty')).toBe('xterm-ghostty');
  });
});
