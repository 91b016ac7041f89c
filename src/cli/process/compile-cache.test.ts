import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeCompileCache } from './compile-cache.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crashcart-cache-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the folder for compiled modules', () => {
  test('is made in the folder for caches, with its parents', () => {
    const cache = join(folder, 'not/there/kubectl-crashcart/compile-cache');
    expect(makeCompileCache({ XDG_CACHE_HOME: join(folder, 'not/there') })).toBe(cache);
    expect(existsSync(cache)).toBe(true);
    expect(makeCompileCache({ XDG_CACHE_HOME: join(folder, 'not/there') })).toBe(cache);
  });

  test.each([[''], ['relative'], [undefined]])(
    'is in the home folder where the one for caches is: %s',
    (XDG_CACHE_HOME) => {
      expect(makeCompileCache({ HOME: folder, XDG_CACHE_HOME })).toBe(
        join(folder, '.cache/kubectl-crashcart/compile-cache'),
      );
    },
  );

  test.each([
    ['nothing can be made in it', { XDG_CACHE_HOME: '/proc' }],
    ['nothing can be made below it', { HOME: '/proc/self' }],
    ['it is a device', { XDG_CACHE_HOME: '/dev/null' }],
    ['it is relative', { HOME: '.' }],
  ])('is not there when %s', (_case, environment) => {
    expect(makeCompileCache(environment)).toBe(null);
  });

  test('is not there when it is a file', async () => {
    await writeFile(join(folder, 'file'), '');
    await chmod(folder, 0o500);
    expect(makeCompileCache({ XDG_CACHE_HOME: join(folder, 'file') })).toBe(null);
  });
});
