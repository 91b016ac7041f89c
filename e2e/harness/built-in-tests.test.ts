import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { builtInTests, findSkipReason } from '../built-in-tests.ts';

const folder = join(import.meta.dirname, '..');
const files = globSync('**/*.e2e.test.ts', { cwd: folder });
/** What stands in for the built-in cluster on every cluster. */
const seam = 'harness/tested-cluster.ts';

/** @returns the files of e2e that a file needs, not those that stand behind the seam. */
function findNeeded(start: string): Set<string> {
  const needed = new Set<string>();
  const waiting = [start];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (needed.has(file) || file === seam || file.startsWith('..') || !file.endsWith('.ts')) continue;
    needed.add(file);
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, path = ''] of text.matchAll(/\bfrom '(\.[^']+)'/g)) waiting.push(join(dirname(file), path));
  }
  return needed;
}

test('each test that needs the built-in cluster or its processes says why another cluster can’t run it', () => {
  const needy = files.filter((file) =>
    [...findNeeded(file)].some((path) => /^cluster\/|^harness\/node-processes\.ts$/.test(path)),
  );
  expect(needy.length).toBeGreaterThan(5);
  expect(needy.filter((file) => findSkipReason(file) === null)).toEqual([]);
});

test('no reason is left over from a test that is gone', () => {
  const known = files.map((file) => file.replace(/\.e2e\.test\.ts$/, ''));
  expect(Object.keys(builtInTests).filter((name) => !known.includes(name))).toEqual([]);
});
