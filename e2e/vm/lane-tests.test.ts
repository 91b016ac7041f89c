import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { laneSkips, selectLaneTests } from './lane-tests.ts';

test('no reason is left over from a test that is gone', () => {
  const gone = Object.keys(laneSkips).filter((file) => !existsSync(join(import.meta.dirname, '..', file)));
  expect(gone).toEqual([]);
});

test('each e2e and fault test is either run or skipped with a reason', () => {
  const { runnable, skipped } = selectLaneTests([]);
  expect(runnable).toContain('e2e/run-a-command.e2e.test.ts');
  expect(runnable).toContain('e2e/faults/restart-the-cluster.faults.test.ts');
  expect(skipped.map(({ file }) => file)).toEqual(
    Object.keys(laneSkips)
      .map((file) => join('e2e', file))
      .toSorted(),
  );
});

test('parts of names choose files', () => {
  expect(selectLaneTests(['run-a-command', 'install-with-npm'])).toMatchObject({
    runnable: ['e2e/run-a-command.e2e.test.ts'],
    skipped: [{ file: 'e2e/install-with-npm.e2e.test.ts' }],
  });
});
