import { expect, test } from '@jest/globals';
import { podSchema } from '../api/objects/kubernetes-objects.ts';
import { describeContainers } from './running-containers.ts';

const startedAt = '2026-01-10T00:00:00Z';
const running = { running: { startedAt } };

function describe(metadata: object = {}) {
  const pod = podSchema.parse({
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    spec: { nodeName: 'node-1' },
    status: {
      phase: 'Running',
      containerStatuses: [
        { name: 'app', containerID: 'containerd://1', ready: true, state: running },
        { name: 'slow', containerID: 'containerd://2', ready: false, state: running },
        { name: 'waiting', state: { waiting: { reason: 'CrashLoopBackOff' } } },
        { name: 'over', containerID: 'containerd://3', state: { terminated: { exitCode: 0 } } },
      ],
      initContainerStatuses: [{ name: 'proxy', containerID: 'containerd://4', state: running }],
      ephemeralContainerStatuses: [{ name: 'debug', containerID: 'containerd://5', state: running }],
    },
  });
  return describeContainers(pod);
}

test('containers of every kind are offered if they run, and no others', () => {
  expect(describe().map(({ container, state }) => [container, state])).toEqual([
    ['app', 'Running'],
    ['slow', 'NotReady'],
    ['proxy', 'Init'],
    ['debug', 'Ephemeral'],
  ]);
});

test('each tells where it is and since when', () => {
  expect(describe()[0]).toEqual({
    namespace: 'shop',
    pod: 'web',
    container: 'app',
    node: 'node-1',
    state: 'Running',
    startedAt: new Date(startedAt),
  });
});

test('those of a pod that is being deleted say so', () => {
  const states = describe({ deletionTimestamp: startedAt }).map(({ state }) => state);
  expect(new Set(states)).toEqual(new Set(['Terminating']));
});
