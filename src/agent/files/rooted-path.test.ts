import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { walkInRoot } from './rooted-path.ts';

let outside: string;
let root: string;

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'rooted-'));
  root = join(outside, 'root');
  await mkdir(join(root, 'etc'), { recursive: true });
  await mkdir(join(root, 'run'));
  await writeFile(join(outside, 'secret'), 'outside');
  await writeFile(join(root, 'run/resolv.conf'), 'inside');
});
afterEach(() => rm(outside, { recursive: true }));

/** @returns the text of the file; null when there is none. */
async function read(): Promise<string | null> {
  const { directory, path } = await walkInRoot(root, '/etc/resolv.conf');
  try {
    return await readFile(path, 'utf8').catch(() => null);
  } finally {
    await directory.close();
  }
}

describe('a file below a root that is not trusted', () => {
  test('is read through links that stay inside, absolute ones too', async () => {
    await symlink('/run/resolv.conf', join(root, 'etc/resolv.conf'));
    expect(await read()).toBe('inside');
  });

  test('is never reached outside by an absolute link', async () => {
    await symlink(join(outside, 'secret'), join(root, 'etc/resolv.conf'));
    await expect(read()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is never reached outside by ..', async () => {
    await symlink('../../../../secret', join(root, 'etc/resolv.conf'));
    await expect(read()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is never reached outside by a linked folder', async () => {
    await rm(join(root, 'etc'), { recursive: true });
    await symlink(outside, join(root, 'etc'));
    await writeFile(join(outside, 'resolv.conf'), 'outside');
    await expect(read()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('ends a loop of links', async () => {
    await symlink('b', join(root, 'etc/a'));
    await symlink('a', join(root, 'etc/b'));
    await expect(walkInRoot(root, '/etc/a')).rejects.toMatchObject({ code: 'ELOOP' });
  });
});
