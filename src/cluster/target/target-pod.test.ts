import { describe, expect, test } from '@jest/globals';
import { podSchema } from '../api/objects/kubernetes-objects.ts';
import { pickPod } from './target-pod.ts';

/** @param ready since when it is ready; null: it is not. */
function makePod(
  name: string,
  ready: string | null,
  more: { phase?: string; deletionTimestamp?: string } = {},
) {
  const { phase = 'Running', ...metadata } = more;
  const condition = {
    type: 'Ready',
    status: ready === null ? 'False' : 'True',
    lastTransitionTime: ready ?? '',
  };
  return podSchema.parse({
    metadata: { name, uid: name, ...metadata },
    spec: { nodeName: 'node-1' },
    status: { phase, conditions: [condition] },
  });
}

describe('the pod of a workload', () => {
  test('is one that is ready, and that for longest', () => {
    const pods = [
      makePod('unready', null),
      makePod('younger', '2026-01-02T00:00:00Z'),
      makePod('older', '2026-01-01T00:00:00Z'),
    ];
    expect(pickPod(pods)?.metadata.name).toBe('older');
    expect(pickPod(pods.slice(0, 1))?.metadata.name).toBe('unready');
  });

  test('is none that does not run, or is about to go', () => {
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    const pods = [
      makePod('pending', null, { phase: 'Pending' }),
      makePod('going', deletionTimestamp, { deletionTimestamp }),
    ];
    expect(pickPod(pods)).toBeNull();
  });
});
