import { expect, test } from '@jest/globals';
import type { Finding, CheckStatus } from '../../../cluster/doctor/finding.ts';
import { formatFindings } from './doctor-table.ts';

function describeFinding(check: string, status: CheckStatus, fix: string | null): Finding {
  return { check, status, message: `what ${check} is`, fix };
}

test('the fix of a finding stands below it, and once below several that share it', () => {
  const findings = [
    describeFinding('one', 'ok', null),
    describeFinding('two', 'failed', 'Do this.'),
    describeFinding('three', 'unknown', 'Do that.'),
    describeFinding('four', 'unknown', 'Do that.'),
  ];
  expect(formatFindings(findings, null).split('\n')).toEqual([
    'CHECK   STATUS    MESSAGE',
    'one     ok        what one is',
    'two     failed    what two is',
    '                  fix: Do this.',
    'three   unknown   what three is',
    'four    unknown   what four is',
    '                  fix: Do that.',
    '',
  ]);
});

test('no line is wider than the terminal', () => {
  const long = describeFinding('check', 'warning', 'fixes '.repeat(40).trim());
  const lines = formatFindings([long], 80).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});
