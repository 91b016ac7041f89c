import { expect, test } from '@jest/globals';
import { judgeNamespace } from './namespace-check.ts';

const enforce = 'pod-security.kubernetes.io/enforce';

test.each([
  [{ [enforce]: 'privileged' }, null, 'ok'],
  [{ [enforce]: 'baseline' }, null, 'failed'],
  [{ [enforce]: 'restricted' }, null, 'failed'],
  [{}, null, 'warning'],
  [{ [enforce]: 'privileged' }, '2026-01-01T00:00:00Z', 'failed'],
])('a namespace with the labels %j, deleted: %s, is %s', (labels, deletionTimestamp, state) => {
  const verdict = judgeNamespace('agents', { labels, deletionTimestamp });
  expect(verdict.state).toBe(state);
  expect(verdict.mend === null).toBe(state === 'ok');
});
