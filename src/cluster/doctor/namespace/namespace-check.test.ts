import { expect, test } from '@jest/globals';
import { checkNamespace } from './namespace-check.ts';

const enforce = 'pod-security.kubernetes.io/enforce';

test.each([
  [{ [enforce]: 'privileged' }, null, 'ok'],
  [{ [enforce]: 'baseline' }, null, 'failed'],
  [{ [enforce]: 'restricted' }, null, 'failed'],
  [{}, null, 'warning'],
  [{ [enforce]: 'privileged' }, '2026-01-01T00:00:00Z', 'failed'],
])('a namespace with the labels %j, deleted: %s, is %s', (labels, deletionTimestamp, status) => {
  const result = checkNamespace('agents', { labels, deletionTimestamp });
  expect(result.status).toBe(status);
  expect(result.fix === null).toBe(status === 'ok');
});
