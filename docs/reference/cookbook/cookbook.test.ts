import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { formatCookbook } from './cookbook-page.ts';
import { formatExampleRecords, readExampleRecords, recordsFile } from './example-records.ts';
import { problemNames } from './problems.ts';

const checkout = join(import.meta.dirname, '../../..');
const records = readExampleRecords();

test('docs/cookbook.md is what its records say (else: npm run docs:cookbook)', () => {
  const page = readFileSync(join(checkout, 'docs/cookbook.md'), 'utf8');
  expect(page).toBe(formatCookbook(records));
});

test('the records are as they are written', () => {
  expect(readFileSync(recordsFile, 'utf8')).toBe(formatExampleRecords(records));
});

test('there are 45 problems, each with a name of its own', () => {
  expect(new Set(problemNames).size).toBe(45);
});

test('each problem has its record, and each record its problem', () => {
  expect(Object.keys(records).toSorted()).toEqual(problemNames.toSorted());
});

describe.each(Object.entries(records))('the record of %s', (_name, { command, output }) => {
  test('is of one command, which begins as a user’s does', () => {
    expect(command).toMatch(/^kubectl crashcart \S.*$/);
    expect(command).not.toMatch(/;|&&|\n/);
  });

  test('is short', () => {
    expect(output.split('\n').length).toBeLessThanOrEqual(20);
  });

  test('tells nothing of the machine that the tests ran on', () => {
    const own = [checkout, '/tmp/crashcart-', '/root/'];
    expect(own.filter((text) => `${command}\n${output}`.includes(text))).toEqual([]);
  });
});
