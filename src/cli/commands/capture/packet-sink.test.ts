import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPacketFile, openPacketOutput } from './packet-sink.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packet-sink-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a file is there while it is written, and only for its owner', async () => {
  const path = join(folder, 'new');
  const sink = await openPacketFile(path, false);
  await sink.write(Buffer.from('packets'));
  expect(await readFile(path, 'utf8')).toBe('packets');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await sink.close();
});

test('an existing file is replaced only by --force, and a link never', async () => {
  const path = join(folder, 'old');
  await writeFile(path, 'old');
  await expect(openPacketFile(path, false)).rejects.toThrow('exists already: --force replaces it');
  const sink = await openPacketFile(path, true);
  await sink.close();
  expect(await readFile(path, 'utf8')).toBe('');
  await symlink(path, `${path}-link`);
  await expect(openPacketFile(`${path}-link`, true)).rejects.toThrow('is not a regular file');
});

test('a file in which nothing was captured is removed', async () => {
  const path = join(folder, 'empty');
  const sink = await openPacketFile(path, false);
  await sink.discard();
  await expect(stat(path)).rejects.toThrow('ENOENT');
});

test('a folder that does not exist is told', async () => {
  await expect(openPacketFile(join(folder, 'no', 'file'), false)).rejects.toThrow(
    /can't be created: .*ENOENT/,
  );
});

test('packets are not written to a terminal', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true });
  expect(() => openPacketOutput(terminal)).toThrow('a capture is not text');
});
