import { describe, expect, test } from '@jest/globals';
import { type EscapeAction, EscapeKeys, parseDetachKeys } from './escape-keys.ts';

async function press(pieces: string[], detachKeys: Buffer | null = null) {
  const actions: EscapeAction[] = [];
  const keys = new EscapeKeys((action) => actions.push(action), detachKeys);
  const passed: Buffer[] = [];
  keys.on('data', (chunk: Buffer) => passed.push(chunk));
  for (const piece of pieces) keys.write(piece);
  keys.end();
  await new Promise((resolve) => keys.once('end', resolve));
  return { actions, passed: Buffer.concat(passed).toString() };
}

describe('keys for the client itself', () => {
  test.each([
    ['after Enter', ['ls\r~d'], 'ls\r', 'detach'],
    ['as the first keys', ['~d'], '', 'detach'],
    ['in pieces', ['ls\r', '~', 'd'], 'ls\r', 'detach'],
    ['to end the session', ['\n~.'], '\n', 'end'],
    ['to ask for help', ['\r~?'], '\r', 'help'],
  ])('%s are taken', async (_name, pieces, passed, action) => {
    expect(await press(pieces)).toEqual({ actions: [action], passed });
  });

  test.each([
    ['a ~ in a line', ['cd ~d\r'], 'cd ~d\r'],
    ['two of them', ['\r~~d'], '\r~d'],
    ['one before another key', ['\r~/bin'], '\r~/bin'],
    ['one at the end of the input', ['\r~'], '\r~'],
    ['one after another action', ['\r~x~d'], '\r~x~d'],
  ])('%s is passed on', async (_name, pieces, passed) => {
    expect(await press(pieces)).toEqual({ actions: [], passed });
  });

  test('can be others, wherever they come', async () => {
    const keys = parseDetachKeys('ctrl-p,ctrl-q');
    expect(await press(['a\x10\x10', '\x11b'], keys)).toEqual({ actions: ['detach'], passed: 'a\x10b' });
    expect(await press(['\r~d\x10x'], keys)).toEqual({ actions: [], passed: '\r~d\x10x' });
  });

  test('are named as docker names them', () => {
    expect(parseDetachKeys('ctrl-a,d')).toEqual(Buffer.from([1, 0x64]));
    expect(parseDetachKeys('ctrl-@')).toEqual(Buffer.from([0]));
    for (const text of ['', 'ctrl-', 'alt-x', 'a,,b']) expect(parseDetachKeys(text)).toBeNull();
  });
});
