import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { failureCodes } from './failure.ts';

test('docs/troubleshooting.md has each code of a failure once, and no other', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/troubleshooting.md'), 'utf8');
  const documented = [...text.matchAll(/^### (.*)$/gm)].map(([, code]) => code);
  expect(documented.toSorted()).toEqual(Object.keys(failureCodes).toSorted());
});
