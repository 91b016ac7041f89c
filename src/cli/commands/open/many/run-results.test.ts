import { expect, test } from '@jest/globals';
import { Reporter } from '../../../../failure/reporter.ts';
import { chooseExitCode, reportFailures, type TargetResult } from './run-results.ts';

const make = (label: string, exitCode = 0, message: string | null = null, hint: string | null = null) =>
  ({ label, exitCode, message, hint }) satisfies TargetResult;

function report(results: TargetResult[], total = results.length): string {
  let text = '';
  reportFailures(results, total, new Reporter({ write: (part) => (text += part) }));
  return text;
}

test('nothing is told when no target has failed', () => {
  expect(report([make('a'), make('b')])).toBe('');
  expect(chooseExitCode([make('a'), make('b')])).toBe(0);
  expect(chooseExitCode([])).toBe(0);
});

test('the exit code is the worst, and targets that failed for the same reason are told together', () => {
  const results = [make('d', 1), make('b', 137), make('c'), make('a', 1), make('e', 125, 'no agent', 'Try.')];
  expect(chooseExitCode(results)).toBe(137);
  expect(report(results)).toBe(
    'error: 4 of 5 targets failed\n  a, d: exit code 1\n  b: exit code 137\n  e: no agent\nTry.\n',
  );
});

test('of many names only some are told', () => {
  const results = Array.from({ length: 12 }, (_, number) => make(`t${number}`, 1));
  expect(report(results, 200)).toMatch(
    /^error: 12 of 200 targets failed\n {2}t0, .*t9 and 2 more: exit code 1\n$/,
  );
});
