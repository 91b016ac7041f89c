import { describe, expect, test } from '@jest/globals';
import { chooseContainer } from './target-container.ts';
import { type Pod, podSchema } from '../api/objects/kubernetes-objects.ts';

const running = { state: { running: {} } };

function makePod(status: object, annotations: Record<string, string> = {}): Pod {
  return podSchema.parse({
    metadata: { name: 'web', annotations },
    spec: {
      containers: [{ name: 'app' }, { name: 'sidecar' }],
      initContainers: [{ name: 'setup' }],
      ephemeralContainers: [{ name: 'debugger' }],
    },
    status,
  });
}

function makeRunningPod(annotations?: Record<string, string>): Pod {
  return makePod(
    {
      phase: 'Running',
      containerStatuses: [
        { name: 'app', containerID: 'containerd://a', ...running },
        { name: 'sidecar', containerID: 'containerd://s', ...running },
      ],
      initContainerStatuses: [{ name: 'setup', containerID: 'containerd://i', ...running }],
      ephemeralContainerStatuses: [{ name: 'debugger', containerID: 'containerd://e', ...running }],
    },
    annotations,
  );
}

describe('the container', () => {
  test('is the first one, which is said as there was a choice', () => {
    expect(chooseContainer(makeRunningPod(), null)).toEqual({
      name: 'app',
      containerID: 'containerd://a',
      notice: 'Defaulted container "app" out of: app, sidecar, setup (init), debugger (ephem)',
    });
  });

  test('is the one that the annotation names, without a word', () => {
    const pod = makeRunningPod({ 'kubectl.kubernetes.io/default-container': 'sidecar' });
    expect(chooseContainer(pod, null)).toEqual({
      name: 'sidecar',
      containerID: 'containerd://s',
      notice: null,
    });
  });

  test.each([
    ['setup', 'containerd://i'],
    ['debugger', 'containerd://e'],
  ])('can be an init or an ephemeral one: %s', (name, containerID) => {
    expect(chooseContainer(makeRunningPod(), name).containerID).toBe(containerID);
  });

  test('that does not exist is refused with the names of those that do', () => {
    expect(() => chooseContainer(makeRunningPod(), 'nope')).toThrow(
      expect.objectContaining({
        code: 'containerNotFound',
        hint: 'Its containers: app, sidecar, setup (init), debugger (ephem).',
      }),
    );
  });
});

describe('a container that does not run is refused with its state:', () => {
  test.each([
    [
      'unschedulable',
      {
        phase: 'Pending',
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node fits' },
        ],
      },
      'pod "web" is pending: Unschedulable (no node fits)',
    ],
    [
      'completed',
      {
        phase: 'Succeeded',
        containerStatuses: [{ name: 'app', state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
      },
      'container "app" of pod "web" has completed: exit code 0 (Completed)',
    ],
    [
      'crash-looping',
      {
        phase: 'Running',
        containerStatuses: [
          {
            name: 'app',
            restartCount: 4,
            state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
            lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
          },
        ],
      },
      'container "app" of pod "web" is crash-looping (CrashLoopBackOff), 4 restarts; its last run ended with exit code 137 (OOMKilled)',
    ],
    [
      'between two runs',
      {
        phase: 'Running',
        containerStatuses: [
          { name: 'app', restartCount: 1, state: { terminated: { exitCode: 7, reason: 'Error' } } },
        ],
      },
      'container "app" of pod "web" is crash-looping (CrashLoopBackOff), 1 restart; its last run ended with exit code 7 (Error)',
    ],
    [
      'without its image',
      {
        phase: 'Pending',
        containerStatuses: [
          { name: 'app', state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } },
        ],
      },
      'container "app" of pod "web" is waiting: ImagePullBackOff (no such image)',
    ],
    ['evicted', { phase: 'Failed', reason: 'Evicted' }, 'pod "web" has ended: Failed, Evicted'],
    ['not told about yet', { phase: 'Pending' }, 'container "app" of pod "web" is not running (pod Pending)'],
  ])('%s', (_name, status, message) => {
    expect(() => chooseContainer(makePod(status), null)).toThrow(
      expect.objectContaining({ code: 'targetNotReady', message }),
    );
  });

  test('and what is left of one that has run can be looked at', () => {
    const terminated = { exitCode: 1, containerID: 'containerd://dead' };
    const pod = makePod({ phase: 'Failed', containerStatuses: [{ name: 'app', state: { terminated } }] });
    expect(() => chooseContainer(pod, null)).toThrow(
      expect.objectContaining({
        hasEnded: true,
        hint: expect.stringMatching(/With --dead, the session is beside its files and its log\.$/),
      }),
    );
  });

  test('and those that run are named', () => {
    const status = {
      phase: 'Pending',
      containerStatuses: [{ name: 'app', state: { waiting: { reason: 'PodInitializing' } } }],
      initContainerStatuses: [{ name: 'setup', containerID: 'containerd://i', ...running }],
    };
    expect(() => chooseContainer(makePod(status), null)).toThrow(
      expect.objectContaining({
        hint: 'Running in this pod: -c setup. With --wait, the session begins when it runs.',
      }),
    );
  });
});
