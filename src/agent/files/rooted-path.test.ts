import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readFileInRoot, walkInRoot } from './rooted-path.ts';

const limit = 1024;
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

const read = async () => (await readFileInRoot(root, '/etc/resolv.conf', limit))?.toString() ?? null;

describe('a file below a root that is not trusted', () => {
  test('is read through links that stay inside, absolute ones too', async () => {
    await symlink('/run/resolv.conf', join(root, 'etc/resolv.conf'));
    expect(await read()).toBe('inside');
  });

  test('is never reached outside by an absolute link', async () => {
    await symlink(join(outside, 'secret'), join(root, 'etc/resolv.conf'));
    expect(await read()).toBeNull();
  });

  test('is never reached outside by ..', async () => {
    await symlink('../../../../secret', join(root, 'etc/resolv.conf'));
    expect(await read()).toBeNull();
  });

  test('is never reached outside by a linked folder', async () => {
    await rm(join(root, 'etc'), { recursive: true });
    await symlink(outside, join(root, 'etc'));
    await writeFile(join(outside, 'resolv.conf'), 'outside');
    expect(await read()).toBeNull();
  });

  test('is not waited for when it is a FIFO', async () => {
    execFileSync('mkfifo', [join(root, 'etc/resolv.conf')]);
    expect(await read()).toBeNull();
  });

  test('is refused when it is too long', async () => {
    await writeFile(join(root, 'etc/resolv.conf'), 'x'.repeat(limit + 1));
    expect(await read()).toBeNull();
  });

  test('ends a loop of links', async () => {
    await symlink('b', join(root, 'etc/a'));
    await symlink('a', join(root, 'etc/b'));
    await expect(walkInRoot(root, '/etc/a')).rejects.toMatchObject({ code: 'ELOOP' });
  });
});
