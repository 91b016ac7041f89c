import { describe, expect, test } from '@jest/globals';
import { type Pod, podSchema } from '../../api/objects/kubernetes-objects.ts';
import { chooseEndedContainer } from './ended-container.ts';

const ended = {
  exitCode: 137,
  reason: 'OOMKilled',
  startedAt: '2026-11-30T10:00:00Z',
  finishedAt: '2026-11-30T10:00:05Z',
  containerID: 'containerd://dead',
};

function makePod(status: object, others: object = {}): Pod {
  return podSchema.parse({
    metadata: { name: 'web', namespace: 'shop' },
    spec: { containers: [{ name: 'app' }], initContainers: [{ name: 'setup' }] },
    status: { containerStatuses: [{ name: 'app', ...status }], ...others },
  });
}

describe('a container that has ended', () => {
  test('is told with exit code, reason, signal and times', () => {
    const { containerID, end } = chooseEndedContainer(makePod({ state: { terminated: ended } }), null);
    expect(containerID).toBe('containerd://dead');
    expect(end).toBe(
      'container "app" of pod "web" has ended: exit code 137 (OOMKilled), that of signal 9 (SIGKILL); it ran from 2026-11-30T10:00:00Z to 2026-11-30T10:00:05Z',
    );
  });

  test('is the last run of one that waits to be started again', () => {
    const pod = makePod({
      containerID: 'containerd://dead',
      restartCount: 2,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: ended },
    });
    expect(chooseEndedContainer(pod, null)).toMatchObject({
      containerID: 'containerd://dead',
      end: expect.stringMatching(/; 2 restarts$/),
    });
  });

  test('can be an init container', () => {
    const pod = makePod({}, { initContainerStatuses: [{ name: 'setup', state: { terminated: ended } }] });
    expect(chooseEndedContainer(pod, 'setup').containerID).toBe('containerd://dead');
  });
});

describe('refused is a container that', () => {
  const refusal = (pod: Pod, message: string, hint: string) =>
    expect(() => chooseEndedContainer(pod, null)).toThrow(
      expect.objectContaining({ code: 'targetNotReady', message, hint }),
    );

  test('runs, though it has ended before', () => {
    refusal(
      makePod({ state: { running: {} }, lastState: { terminated: ended } }),
      'container "app" of pod "web" is running: --dead is for a container that has ended',
      'Without --dead, the session is in the running container.',
    );
  });

  test('has not run yet, with one that has ended', () => {
    const waiting = { state: { waiting: { reason: 'PodInitializing' } } };
    refusal(
      makePod(waiting, { initContainerStatuses: [{ name: 'setup', lastState: { terminated: ended } }] }),
      'container "app" of pod "web" has not run yet: --dead is for a container that has ended',
      'Ended in this pod: -c setup.',
    );
    refusal(
      makePod(waiting),
      'container "app" of pod "web" has not run yet: --dead is for a container that has ended',
      '`kubectl crashcart why pod/web -n shop` tells what keeps it from running.',
    );
  });
});
