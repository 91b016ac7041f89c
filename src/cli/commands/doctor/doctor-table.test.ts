import { expect, test } from '@jest/globals';
import type { Finding, FindingState } from '../../../cluster/doctor/finding.ts';
import { formatFindings } from './doctor-table.ts';

function describeFinding(check: string, state: FindingState, mend: string | null): Finding {
  return { check, state, found: `what ${check} is`, mend };
}

test('what mends a finding stands below it, and once below several that have it in common', () => {
  const findings = [
    describeFinding('one', 'ok', null),
    describeFinding('two', 'failed', 'Do this.'),
    describeFinding('three', 'unknown', 'Do that.'),
    describeFinding('four', 'unknown', 'Do that.'),
  ];
  expect(formatFindings(findings, null).split('\n')).toEqual([
    'CHECK   STATE     FOUND',
    'one     ok        what one is',
    'two     failed    what two is',
    '                  mend: Do this.',
    'three   unknown   what three is',
    'four    unknown   what four is',
    '                  mend: Do that.',
    '',
  ]);
});

test('no line is wider than the terminal', () => {
  const long = describeFinding('check', 'warning', 'mends '.repeat(40).trim());
  const lines = formatFindings([long], 80).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});
