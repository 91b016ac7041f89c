import { describe, expect, test } from '@jest/globals';
import { nodeSchema } from '../../api/objects/kubernetes-objects.ts';
import type { CheckStatus, CheckResult } from '../finding.ts';
import { summarize } from './nodes.ts';

/** One node for each result. */
function summarizeResults(...results: [CheckStatus, string][]): CheckResult {
  const nodes = results.map((_, index) => nodeSchema.parse({ metadata: { name: `n${index}` } }));
  return summarize(nodes, (node) => {
    const [status, message] = results[nodes.indexOf(node)] as [CheckStatus, string];
    return { status, message, fix: status === 'ok' ? null : `fix ${message}` };
  });
}

describe('of several nodes', () => {
  test('that are alike, it is said once', () => {
    expect(summarizeResults(['ok', 'fine'], ['ok', 'fine'])).toEqual({
      status: 'ok',
      message: 'all 2: fine',
      fix: null,
    });
  });

  test('the worst are told, and how to fix them', () => {
    expect(summarizeResults(['ok', 'fine'], ['warning', 'old'], ['unknown', 'dark'])).toEqual({
      status: 'warning',
      message: 'n1: old',
      fix: 'fix old',
    });
  });

  test('one that has failed is a warning, and all of them are a failure', () => {
    expect(summarizeResults(['ok', 'fine'], ['failed', 'gone']).status).toBe('warning');
    expect(summarizeResults(['failed', 'gone'], ['failed', 'lost'])).toMatchObject({
      status: 'failed',
      message: 'n0: gone; n1: lost',
    });
  });

  test('many are counted', () => {
    const many = [1, 2, 3, 4, 5].map((): [CheckStatus, string] => ['warning', 'old']);
    expect(summarizeResults(['ok', 'fine'], ...many).message).toBe('5 of 6: old');
    const different = [1, 2, 3, 4, 5].map((n): [CheckStatus, string] => ['warning', `old ${n}`]);
    expect(summarizeResults(...different).message).toBe('n0: old 1; n1: old 2; n2: old 3; 2 more');
  });
});

test('of one node it is told without its name, and its failure is one', () => {
  expect(summarizeResults(['failed', 'gone'])).toEqual({
    status: 'failed',
    message: 'gone',
    fix: 'fix gone',
  });
});

test('without nodes nothing is known', () => {
  expect(summarizeResults().status).toBe('unknown');
});
