import { describe, expect, test } from '@jest/globals';
import { getAgentResources } from '../../agent-pods/agent-spec.ts';
import { quotaSchema } from '../../api/objects/kubernetes-objects.ts';
import { countAgent, checkQuotas } from './quota.ts';
import { testAgentOptions } from '../../testing/sample-agent-options.ts';

const agent = countAgent(getAgentResources(testAgentOptions));

function describeQuota(hard: Record<string, string>, used: Record<string, string>, spec: object = {}) {
  return quotaSchema.parse({ metadata: { name: 'q' }, spec, status: { hard, used } });
}

describe('a quota', () => {
  test.each([
    ['of pods with room', { pods: '2' }, { pods: '1' }, 'ok'],
    ['of pods that is used up', { pods: '2' }, { pods: '2' }, 'failed'],
    ['of Jobs that is used up', { 'count/jobs.batch': '0' }, {}, 'failed'],
    ['of CPU that just suffices', { 'requests.cpu': '100m' }, { 'requests.cpu': '50m' }, 'ok'],
    ['of CPU that does not', { cpu: '99m' }, { cpu: '50m' }, 'failed'],
    ['of memory that just suffices', { 'limits.memory': '8Gi' }, { 'limits.memory': '4Gi' }, 'ok'],
    ['of memory that does not', { 'limits.memory': '8Gi' }, { 'limits.memory': '4097Mi' }, 'failed'],
    ['of what an agent does not take', { services: '0' }, { services: '0' }, 'ok'],
    ['of what an agent has to name and does not', { 'limits.cpu': '10' }, {}, 'warning'],
  ])('%s', (_what, hard, used, status) => {
    expect(checkQuotas([describeQuota(hard as never, used as never)], agent).status).toBe(status);
  });

  test('that is used up is told with its numbers', () => {
    const { message } = checkQuotas([describeQuota({ pods: '2' }, { pods: '2' })], agent);
    expect(message).toBe('q: pods 2 of 2 used, an agent takes 1');
  });

  test('with a scope is not counted, and said not to be', () => {
    const scoped = describeQuota({ pods: '0' }, {}, { scopes: ['BestEffort'] });
    expect(checkQuotas([scoped], agent)).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('q'),
    });
  });

  test('that is not there is none', () => {
    expect(checkQuotas([], agent)).toEqual({ status: 'ok', message: 'there is none', fix: null });
  });
});
