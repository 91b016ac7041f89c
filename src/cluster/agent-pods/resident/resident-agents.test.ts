import { expect, test } from '@jest/globals';
import { daemonSetSchema } from '../../api/objects/kubernetes-objects.ts';
import { isComplete } from './resident-agents.ts';

function check(status: Record<string, number>): boolean {
  const complete = {
    ...{ observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberReady: 3 },
    ...status,
  };
  return isComplete(daemonSetSchema.parse({ metadata: { name: 'any', generation: 2 }, status: complete }));
}

test('an installation is complete when each node’s agent is ready and as it was asked for last', () => {
  expect(check({})).toBe(true);
  expect(check({ desiredNumberScheduled: 0, updatedNumberScheduled: 0, numberReady: 0 })).toBe(true);
  expect(check({ observedGeneration: 1 })).toBe(false);
  expect(check({ updatedNumberScheduled: 2 })).toBe(false);
  expect(check({ numberReady: 2 })).toBe(false);
});
