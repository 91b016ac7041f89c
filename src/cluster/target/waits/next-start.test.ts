import { describe, expect, test } from '@jest/globals';
import { podSchema } from '../../api/objects/kubernetes-objects.ts';
import { ContainerNotRunningError } from '../target-container.ts';
import { describeNextStart, findKubeletUID } from './next-start.ts';

const now = Date.parse('2026-01-01T00:01:00Z');

function describeStart(status: object, spec: object = {}, phase = 'Running'): string {
  const pod = podSchema.parse({
    metadata: { name: 'web', namespace: 'shop' },
    spec: { containers: [{ name: 'app' }], ...spec },
    status: { phase, containerStatuses: [{ name: 'app', containerID: 'containerd://a', ...status }] },
  });
  return describeNextStart(pod, 'app', now);
}

const backOff = (text: string) => ({
  state: {
    waiting: {
      reason: 'CrashLoopBackOff',
      message: `back-off ${text} restarting failed container=app pod=web_shop(1)`,
    },
  },
  lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:00:00Z' } },
});

describe('the next start', () => {
  test.each([
    ['2m40s', 'it starts in about 100 s'],
    ['5m0s', 'it starts in about 240 s'],
    ['40s', 'it starts in a moment'],
  ])('after a back-off of %s: %s', (text, expected) => {
    expect(describeStart(backOff(text))).toBe(
      `container "app" of pod "web" is in CrashLoopBackOff (back-off ${text}): ${expected}`,
    );
  });

  test('of a container that runs comes when it has ended', () => {
    expect(describeStart({ state: { running: {} } })).toBe(
      'container "app" of pod "web" runs; it has to end first',
    );
  });

  test('of a container that waits for its image is told with the reason', () => {
    expect(describeStart({ state: { waiting: { reason: 'ImagePullBackOff' } } })).toContain(
      'ImagePullBackOff',
    );
  });

  test.each([
    ['has completed, in a pod that restarts nothing', { state: { terminated: { exitCode: 0 } } }],
    ['runs, in a pod that restarts nothing', { state: { running: {} } }],
  ])('never comes for one that %s', (_case, status) => {
    expect(() => describeStart(status, { restartPolicy: 'Never' })).toThrow(ContainerNotRunningError);
  });
});

test('the kubelet knows a static pod by the hash of its file', () => {
  const metadata = { name: 'web', namespace: 'shop', uid: 'u' };
  const parse = (annotations: object) =>
    podSchema.parse({ metadata: { ...metadata, annotations }, spec: { containers: [] }, status: {} });
  expect(findKubeletUID(parse({}))).toBe('u');
  expect(findKubeletUID(parse({ 'kubernetes.io/config.hash': 'h' }))).toBe('h');
});
