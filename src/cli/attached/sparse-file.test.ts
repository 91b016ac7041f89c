import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SparseFile } from './sparse-file.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crashcart-sparse-'));
  path = join(directory, 'file');
});

afterEach(() => rm(directory, { recursive: true }));

async function writeFileOf(chunks: Buffer[]): Promise<Buffer> {
  const file = await SparseFile.create(path, 0o600);
  for (const chunk of chunks) file.write(chunk);
  file.end();
  await finished(file);
  expect(file.bytesWritten).toBe(Buffer.concat(chunks).length);
  return await readFile(path);
}

/** Whether this folder's file system has holes at all. */
async function canHaveHoles(): Promise<boolean> {
  const probe = join(directory, 'probe');
  await writeFile(probe, '');
  await truncate(probe, 1 << 20);
  return (await stat(probe)).blocks * 512 < 1 << 20;
}

describe('a sparse file', () => {
  test('has each byte, wherever the chunks are cut', async () => {
    const content = Buffer.alloc(100_000);
    content.fill(1, 5000, 5001);
    content.fill(2, 8192, 12_288);
    content.fill(3, 40_959, 40_961);
    for (const size of [1000, 4096, 4097, 70_000]) {
      const chunks = Array.from({ length: Math.ceil(content.length / size) }, (_, index) =>
        content.subarray(index * size, (index + 1) * size),
      );
      expect((await writeFileOf(chunks)).equals(content)).toBe(true);
      await rm(path);
    }
  });

  test('takes no room for zeros, also at its end', async () => {
    const zeros = Buffer.alloc(1 << 20);
    const content = await writeFileOf([Buffer.from('begin'), ...Array.from({ length: 8 }, () => zeros)]);
    expect(content.length).toBe(5 + (8 << 20));
    if (await canHaveHoles()) expect((await stat(path)).blocks * 512).toBeLessThan(1 << 20);
  });

  test('replaces no file', async () => {
    await writeFile(path, 'old');
    await expect(SparseFile.create(path, 0o600)).rejects.toMatchObject({ code: 'EEXIST' });
  });

  test('fails with the error of the write that failed', async () => {
    const file = await SparseFile.create(path, 0o600);
    const ended = finished(file);
    file.write('some');
    file.destroy(new Error('the disk is full'));
    await expect(ended).rejects.toThrow('the disk is full');
  });
});
