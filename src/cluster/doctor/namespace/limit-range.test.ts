import { expect, test } from '@jest/globals';
import { getAgentResources } from '../../agent-pods/agent-spec.ts';
import { limitRangeSchema } from '../../api/objects/kubernetes-objects.ts';
import { checkLimitRanges } from './limit-range.ts';
import { testAgentOptions } from '../../testing/sample-agent-options.ts';

function check(limits: object) {
  const range = limitRangeSchema.parse({ metadata: { name: 'range' }, spec: { limits: [limits] } });
  return checkLimitRanges([range], getAgentResources(testAgentOptions));
}

test.each([
  [{ type: 'Container', max: { memory: '4Gi', cpu: '1' } }, 'ok'],
  [{ type: 'Container', max: { memory: '4095Mi' } }, 'failed'],
  [{ type: 'Pod', max: { memory: '1Gi' } }, 'failed'],
  [{ type: 'Container', min: { cpu: '50m', memory: '64Mi' } }, 'ok'],
  [{ type: 'Container', min: { cpu: '51m' } }, 'failed'],
  [{ type: 'Container', maxLimitRequestRatio: { memory: '64' } }, 'ok'],
  [{ type: 'Container', maxLimitRequestRatio: { memory: '10' } }, 'failed'],
  [{ type: 'PersistentVolumeClaim', max: { storage: '1' } }, 'ok'],
])('a LimitRange of %j is %s', (limits, status) => {
  expect(check(limits).status).toBe(status);
});

test('what is beyond it is told with its numbers', () => {
  expect(check({ type: 'Container', max: { memory: '1Gi' } }).message).toBe(
    'range (Container) has a maximum of 1Gi memory, an agent has 4Gi',
  );
});

test('without one there is nothing to be within', () => {
  expect(checkLimitRanges([], getAgentResources(testAgentOptions)).status).toBe('ok');
});
