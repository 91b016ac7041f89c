import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { type ArchiveEntry, writeArchive } from './archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'crashcart-archive-'));
afterAll(() => rmSync(folder, { recursive: true }));

const entries: ArchiveEntry[] = [
  { name: 'run', content: '#!/bin/sh\n', executable: true },
  { name: 'lib/data', content: Buffer.from([0, 255]) },
];

test('an archive holds its entries in order, with the modes and times of every build', async () => {
  const file = join(folder, 'one.tar.gz');
  await writeArchive(file, entries);
  const list = execFileSync('tar', ['tvzf', file, '--numeric-owner'], { env: { ...process.env, TZ: 'UTC' } });
  expect(list.toString().replaceAll(/ +/g, ' ')).toBe(
    '-rw-r--r-- 0/0 2 1985-10-26 08:15 lib/data\n-rwxr-xr-x 0/0 10 1985-10-26 08:15 run\n',
  );
  expect(execFileSync('tar', ['xzOf', file, 'lib/data'])).toEqual(Buffer.from([0, 255]));
});

test('the order in which entries are given does not show', async () => {
  const [one, other] = [join(folder, 'one.tar.gz'), join(folder, 'other.tar.gz')];
  await writeArchive(one, entries);
  await writeArchive(other, entries.toReversed());
  expect(readFileSync(other).equals(readFileSync(one))).toBe(true);
});

test('two entries of the same name are refused', async () => {
  await expect(writeArchive(join(folder, 'twice.tar.gz'), [...entries, ...entries])).rejects.toThrow(
    'same name',
  );
});
