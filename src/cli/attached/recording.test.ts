import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Recording } from './recording.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crashcart-recording-'));
  file = join(directory, 'session.cast');
});

afterEach(() => rm(directory, { recursive: true }));

const create = () =>
  Recording.create({ file, size: { columns: 80, rows: 24 }, title: 'shop/web: sh', term: 'xterm' });

async function readLines(): Promise<unknown[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

describe('a recording', () => {
  test('has a header, then what was shown, typed and resized, characters whole', async () => {
    const recording = await create();
    const sink = new PassThrough();
    const shown = text(sink);
    const tapped = recording.tap(sink, 'stdout');
    const euro = Buffer.from('€');
    tapped.write(Buffer.concat([Buffer.from('1 '), euro.subarray(0, 1)]));
    tapped.write(euro.subarray(1));
    recording.input(Buffer.from('q'));
    recording.resize({ columns: 100, rows: 30 });
    await new Promise((resolve) => tapped.end(resolve));
    sink.end();
    expect(await shown).toBe('1 €');
    await recording.close();
    const [header, ...events] = await readLines();
    expect(header).toMatchObject({ version: 2, width: 80, height: 24, title: 'shop/web: sh' });
    expect((events as [number, string, string][]).map(([, kind, data]) => [kind, data])).toEqual(
      expect.arrayContaining([
        ['o', '1 '],
        ['o', '€'],
        ['i', 'q'],
        ['r', '100x30'],
      ]),
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('never replaces another one', async () => {
    await writeFile(file, 'precious');
    await expect(create()).rejects.toMatchObject({ code: 'usage' });
    expect(await readFile(file, 'utf8')).toBe('precious');
  });

  test('that can’t be written says so', async () => {
    file = join(directory, 'missing', 'session.cast');
    await expect(create()).rejects.toMatchObject({ message: expect.stringContaining('ENOENT') });
  });

  test('passes the end of its sink on', async () => {
    const recording = await create();
    const sink = new PassThrough();
    const tapped = recording.tap(sink, 'stdout');
    const failed = new Promise((resolve) => tapped.once('error', resolve));
    sink.destroy(new Error('EPIPE'));
    expect(await failed).toMatchObject({ message: 'EPIPE' });
    await recording.close();
  });
});
