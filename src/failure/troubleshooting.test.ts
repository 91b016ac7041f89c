import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { problemStatus } from '../session-api/problem.ts';
import { UsageError } from '../cli/errors.ts';

const source = join(import.meta.dirname, '..');

/** A type has no values at run time: they are read from its text. */
function listFailureCodes(): string[] {
  const text = readFileSync(join(source, 'failure/failure.ts'), 'utf8');
  const [, union = ''] = /export type FailureCode =([^;]*);/.exec(text) ?? [];
  return [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code as string);
}

test('docs/troubleshooting.md has each code of a failure once, and no other', () => {
  const failureCodes = listFailureCodes();
  expect(failureCodes.length).toBeGreaterThan(10);
  const codes = new Set([new UsageError('').code, ...failureCodes, ...Object.keys(problemStatus)]);
  const text = readFileSync(join(source, '../docs/troubleshooting.md'), 'utf8');
  const documented = [...text.matchAll(/^### (.*)$/gm)].map(([, code]) => code);
  expect(documented.toSorted()).toEqual([...codes].toSorted());
});
