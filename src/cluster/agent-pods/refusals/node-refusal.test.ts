import { describe, expect, test } from '@jest/globals';
import { explainNodeRefusal } from './node-refusal.ts';

const explain = (reason: string, message = '', isCritical = false) =>
  explainNodeRefusal('node-1', { reason, message }, isCritical);

describe('a pod that the kubelet does not run', () => {
  test.each([
    ['OutOfcpu', 'Node did not have enough resource: cpu', 'has no room', 'noRequests'],
    ['OutOfmemory', '', 'has no room', 'noRequests'],
    ['OutOfpods', '', 'as many pods as its kubelet allows', 'criticalPriority'],
    ['OutOfexample.com/gpu', '', 'has no room', 'noRequests'],
    ['UnexpectedAdmissionError', 'preemption: error', 'could not admit', 'noRequests'],
    ['Evicted', 'The node had condition: [DiskPressure]. ', 'takes no agent', 'criticalPriority'],
    ['Evicted', 'The node was low on resource: memory', 'has evicted the agent', 'criticalPriority'],
    ['NodeShutdown', 'Pod was rejected as the node is shutting down.', 'is shutting down', null],
    ['Terminated', 'Pod was terminated in response to imminent node shutdown.', 'is shutting down', null],
    ['Preempting', 'Preempted in order to admit critical pod', 'room for a critical pod', 'criticalPriority'],
    ['NodeAffinity', 'Predicate NodeAffinity failed', 'told to look for', null],
    ['PodOSNotSupported', '', 'told to look for', null],
    ['SMTAlignmentError', 'not enough free CPUs', 'refuses the agent', null],
  ])('%s (%s) is told with its cause and its way out', (reason, message, words, remedy) => {
    const error = explain(reason, message);
    expect(error).toMatchObject({ code: 'agentFailed', remedy });
    expect(error?.message).toContain(words);
    expect(error?.message).toContain(`: ${reason}`);
    expect(error?.hint).not.toContain('kubectl logs');
    expect(error?.hint?.includes('--priority system-node-critical')).toBe(remedy === 'criticalPriority');
  });

  test('although it is critical is not told to be that', () => {
    const error = explain('Evicted', 'The node had condition: [DiskPressure]. ', true);
    expect(error).toMatchObject({ remedy: null, hint: expect.not.stringContaining('--priority') });
  });

  test('without a reason has failed by itself', () => {
    expect(explain('')).toBeNull();
  });
});
