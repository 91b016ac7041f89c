import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { pickRow } from './row-picker.ts';

const choices = {
  headings: ['POD', 'NODE'],
  rows: ['api-7d9', 'web-5c4', 'web-6f1'].map((pod, index) => ({
    cells: [pod, `node-${index}`],
    value: pod,
    short: `pod/${pod}`,
  })),
};

async function pick(keys: string[], { rows } = choices, signal = new AbortController().signal) {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { columns: 40, rows: 24 });
  let shown = '';
  output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  const picked = pickRow('Target:', { ...choices, rows }, { input, output }, signal);
  const chunks = [...keys];
  // Each key when the list has been drawn for the one before.
  const draw = () => {
    const next = chunks.shift();
    if (next !== undefined) setImmediate(() => setImmediate(() => input.write(next)));
  };
  output.on('data', draw);
  const value = await picked;
  return { value, shown: stripVTControlCharacters(shown), raw: shown };
}

describe('choosing a row', () => {
  test('shows the rows below their headings, and takes the first by Enter', async () => {
    const { value, shown } = await pick(['\r']);
    expect(value).toBe('api-7d9');
    expect(shown).toMatch(/POD +NODE\n❯ api-7d9 +node-0\n {2}web-5c4 +node-1\n/);
    expect(shown).toContain('Target: pod/api-7d9');
  });

  test('moves by arrows', async () => {
    expect(await pick(['\x1b[B', '\r'])).toMatchObject({ value: 'web-5c4' });
  });

  test('filters by what is typed, in any column and with gaps', async () => {
    expect(await pick(['web 6', '\r'])).toMatchObject({ value: 'web-6f1' });
    expect(await pick(['node-1', '\r'])).toMatchObject({ value: 'web-5c4' });
  });

  test.each([
    ['Esc', '\x1b'],
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('is left by %s', async (_name, key) => {
    expect(await pick([key])).toMatchObject({ value: null });
  });

  test('ends by what ends the command', async () => {
    const controller = new AbortController();
    const picked = pick([], choices, controller.signal);
    controller.abort(new Error('ended by SIGTERM'));
    await expect(picked).rejects.toThrow('ended by SIGTERM');
  });

  test('does nothing on the terminal that a name asks for', async () => {
    const cells = ['a\x1b]0;title\x07', 'node-0'];
    const { raw } = await pick(['\r'], { ...choices, rows: [{ cells, value: 'a', short: 'a\x1b[2Jb' }] });
    expect(raw).toContain('\\x1b]0;title\\x07');
    expect(raw).toContain('a\\x1b[2Jb');
    expect(raw).not.toContain('\x1b]0;');
    expect(raw).not.toContain('\x1b[2J');
  });

  test('cuts what is wider than the window', async () => {
    const cells = ['p'.repeat(60), 'node-0'];
    const { shown } = await pick(['\r'], { ...choices, rows: [{ cells, value: 'p', short: 'p' }] });
    expect(shown).toContain(`❯ ${'p'.repeat(37)}\n`);
  });
});
