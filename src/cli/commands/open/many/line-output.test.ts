import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { LineCutter, maxLineBytes } from './line-cutter.ts';
import { LineOutput } from './line-output.ts';

describe('lines that arrive in pieces', () => {
  const cut = (...pieces: string[]) => {
    const cutter = new LineCutter();
    const lines = pieces.flatMap((piece) => cutter.push(Buffer.from(piece)));
    const rest = cutter.end();
    return [...lines, ...(rest === null ? [] : [rest])].map(String);
  };

  test.each([
    [['one\ntwo\n'], ['one', 'two']],
    [
      ['on', 'e\n', '\ntw', 'o'],
      ['one', '', 'two'],
    ],
    [['Gr\u00fc\u00dfe\r\n'], ['Gr\u00fc\u00dfe\r']],
    [[''], []],
  ])('%j are %j', (pieces, lines) => {
    expect(cut(...pieces)).toEqual(lines);
  });

  test('without an end are cut, and nothing of them is lost or kept', () => {
    const cutter = new LineCutter();
    const piece = Buffer.alloc(50_000, 'x');
    const lines = Array.from({ length: 100 }, () => cutter.push(piece)).flat();
    expect(lines.map((line) => line.length)).toEqual(lines.map(() => maxLineBytes));
    const rest = cutter.end()?.length ?? 0;
    expect(lines.length * maxLineBytes + rest).toBe(100 * piece.length);
    expect(rest).toBeLessThanOrEqual(maxLineBytes);
    expect(cutter.end()).toBeNull();
  });

  test('of exactly the longest size are whole', () => {
    const line = 'x'.repeat(maxLineBytes);
    expect(cut(`${line}\n`, 'y\n')).toEqual([line, 'y']);
  });
});

describe('an output of many', () => {
  test('has whole lines, however they are written', async () => {
    const sink = new PassThrough();
    const output = new LineOutput(sink);
    const streams = ['a', 'b', 'c'].map((name) => ({
      name,
      stream: output.open((line) => `${name} ${line.toString()}\n`),
    }));
    for (let round = 0; round < 50; round++)
      for (const { name, stream } of streams) stream.write(`${name.repeat(round)}${round % 2 ? '\n' : ''}`);
    for (const { stream } of streams) stream.end();
    await Promise.all(streams.map(({ stream }) => once(stream, 'finish')));
    const lines = (await text(sink.end())).trim().split('\n');
    expect(lines).toHaveLength(75);
    for (const line of lines) expect(line).toMatch(/^(?:a a+|b b+|c c+)$/);
  });

  test('takes from each in turns: one that writes much does not keep the others waiting', async () => {
    const written: string[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _encoding, callback) => {
        written.push(chunk.toString()[0] ?? '');
        setImmediate(callback);
      },
    });
    const output = new LineOutput(slow);
    const [loud, quiet] = ['l', 'q'].map((name) => output.open((line) => `${name}${line.toString()}\n`));
    for (let count = 0; count < 100; count++) loud?.write('much\n');
    quiet?.end('little\n');
    await once(quiet ?? slow, 'finish');
    expect(written.indexOf('q')).toBeLessThan(3);
  });

  test('that breaks fails for all, with its first error', async () => {
    const broken = new Writable({
      emitClose: false,
      write: (_chunk, _encoding, callback) => callback(new Error('the first')),
    });
    broken.on('error', () => undefined);
    const output = new LineOutput(broken);
    await output.write('x').catch(() => undefined);
    await output.write('x').catch(() => undefined);
    expect(() => output.throwIfBroken()).toThrow('the first');
  });
});
