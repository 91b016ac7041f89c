import { describe, expect, test } from '@jest/globals';
import { nodeSchema } from '../../api/kubernetes-objects.ts';
import type { FindingState, Verdict } from '../finding.ts';
import { summarize } from './nodes.ts';

/** One node for each verdict. */
function summarizeVerdicts(...verdicts: [FindingState, string][]): Verdict {
  const nodes = verdicts.map((_, index) => nodeSchema.parse({ metadata: { name: `n${index}` } }));
  return summarize(nodes, (node) => {
    const [state, found] = verdicts[nodes.indexOf(node)] as [FindingState, string];
    return { state, found, mend: state === 'ok' ? null : `mend ${found}` };
  });
}

describe('of several nodes', () => {
  test('that are alike, it is said once', () => {
    expect(summarizeVerdicts(['ok', 'fine'], ['ok', 'fine'])).toEqual({
      state: 'ok',
      found: 'all 2: fine',
      mend: null,
    });
  });

  test('the worst are told, and what mends them', () => {
    expect(summarizeVerdicts(['ok', 'fine'], ['warning', 'old'], ['unknown', 'dark'])).toEqual({
      state: 'warning',
      found: 'n1: old',
      mend: 'mend old',
    });
  });

  test('one that has failed is a warning, and all of them are a failure', () => {
    expect(summarizeVerdicts(['ok', 'fine'], ['failed', 'gone']).state).toBe('warning');
    expect(summarizeVerdicts(['failed', 'gone'], ['failed', 'lost'])).toMatchObject({
      state: 'failed',
      found: 'n0: gone; n1: lost',
    });
  });

  test('many are counted', () => {
    const many = [1, 2, 3, 4, 5].map((): [FindingState, string] => ['warning', 'old']);
    expect(summarizeVerdicts(['ok', 'fine'], ...many).found).toBe('5 of 6: old');
    const different = [1, 2, 3, 4, 5].map((n): [FindingState, string] => ['warning', `old ${n}`]);
    expect(summarizeVerdicts(...different).found).toBe('n0: old 1; n1: old 2; n2: old 3; 2 more');
  });
});

test('of one node it is told without its name, and its failure is one', () => {
  expect(summarizeVerdicts(['failed', 'gone'])).toEqual({
    state: 'failed',
    found: 'gone',
    mend: 'mend gone',
  });
});

test('without nodes nothing is known', () => {
  expect(summarizeVerdicts().state).toBe('unknown');
});
