import { describe, expect, test } from '@jest/globals';
import { eventSchema, nodeSchema, podSchema } from '../api/objects/kubernetes-objects.ts';
import { listContainers } from './container-causes.ts';
import { proposeSteps } from './next-steps.ts';
import { findCauses } from './pod-report.ts';

const ran = {
  startedAt: '2026-01-10T10:00:00Z',
  finishedAt: '2026-01-10T10:00:02Z',
  containerID: 'containerd://1',
};
const app = { name: 'app', image: 'shop/web:2', resources: { limits: { memory: '32Mi' } } };

interface Shape {
  metadata?: object;
  spec?: object;
  status?: object;
  /** Of the container "app". */
  container?: object;
}

function makePod({ metadata, spec, status, container }: Shape) {
  return podSchema.parse({
    metadata: { name: 'web-0', namespace: 'shop', ...metadata },
    spec: { nodeName: 'node-1', containers: [app], ...spec },
    status: {
      phase: 'Running',
      ...(container ? { containerStatuses: [{ name: 'app', ...container }] } : {}),
      ...status,
    },
  });
}

const event = (reason: string, message: string, container: string | null = 'app') =>
  eventSchema.parse({
    ...{ reason, message, type: 'Warning', lastTimestamp: '2026-01-10T10:00:01Z', count: 3 },
    involvedObject: { name: 'web-0', fieldPath: container === null ? '' : `spec.containers{${container}}` },
  });

function explain(shape: Shape, events: ReturnType<typeof event>[] = [], node: object | null = null) {
  const pod = makePod(shape);
  const known = node && nodeSchema.parse({ metadata: { name: 'node-1' }, ...node });
  const { causes, unwell } = findCauses(pod, listContainers(pod), events, known);
  return {
    causes: causes.map(({ about, text }) => `${about} ${text}`),
    next: proposeSteps(pod, unwell).map(({ command }) => command),
  };
}

const looping = (terminated: object) => ({
  restartCount: 4,
  state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container' } },
  lastState: { terminated: { ...ran, ...terminated } },
});

describe('of a container that crashes, how its last run ended is told:', () => {
  test('by its memory limit', () => {
    const { causes, next } = explain({ container: looping({ exitCode: 137, reason: 'OOMKilled' }) });
    expect(causes).toEqual([
      'container "app" crashes again and again (CrashLoopBackOff, 4 restarts), last with exit code 137 (OOMKilled): it needed more memory than its limit of 32Mi',
    ]);
    expect(next).toEqual([
      'kubectl crashcart pod/web-0 -n shop -c app --wait',
      'kubectl crashcart pod/web-0 -n shop -c app --catch',
      'kubectl crashcart pod/web-0 -n shop -c app --dead',
      'kubectl logs web-0 -n shop -c app',
    ]);
  });

  test('by its probe, in the words of the failure', () => {
    const events = [
      event('Unhealthy', 'Liveness probe failed: HTTP probe failed with statuscode: 503'),
      event('Killing', 'Container app failed liveness probe, will be restarted'),
    ];
    expect(explain({ container: looping({ exitCode: 137, reason: 'Error' }) }, events).causes).toEqual([
      expect.stringMatching(
        /\(Error\): the liveness probe ended it \(HTTP probe failed with statuscode: 503\)$/,
      ),
    ]);
  });

  test.each([
    [127, /its command was not found$/],
    [139, /SIGSEGV: it has used memory that is not its own$/],
    [3, /exit code 3 \(Error\)$/],
  ])('by itself, with exit code %i', (exitCode, words) => {
    const { causes } = explain({ container: looping({ exitCode, reason: 'Error' }) });
    expect(causes).toEqual([expect.stringMatching(words)]);
  });

  test('also when it runs again meanwhile', () => {
    const container = {
      ...{ restartCount: 1, ready: true, state: { running: ran } },
      lastState: { terminated: { ...ran, exitCode: 137, reason: 'OOMKilled' } },
    };
    const { causes, next } = explain({ container });
    expect(causes).toEqual([
      expect.stringMatching(
        /runs again after 1 restart; the run before ended with exit code 137 \(OOMKilled\)/,
      ),
    ]);
    expect(next).toContain('kubectl crashcart pod/web-0 -n shop -c app --tool heap');
    expect(next).toContain('kubectl logs web-0 -n shop -c app --previous');
  });
});

describe('of a container that does not start, what it waits for is told:', () => {
  test('its image, in the words of the registry', () => {
    const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "shop/web:2"' };
    const words = 'Failed to pull image "shop/web:2": failed to resolve reference: shop/web:2: not found';
    const events = [event('Failed', words), event('Failed', 'Error: ImagePullBackOff')];
    const { causes } = explain({ container: { state: { waiting } }, status: { phase: 'Pending' } }, events);
    expect(causes).toEqual([`container "app" is waiting: ImagePullBackOff: ${words}`]);
  });

  test('an init container that still runs, and not what waits for it', () => {
    const { causes, next } = explain({
      spec: { initContainers: [{ name: 'wait-for-db' }] },
      status: {
        phase: 'Pending',
        initContainerStatuses: [{ name: 'wait-for-db', state: { running: ran } }],
      },
      container: { state: { waiting: { reason: 'PodInitializing' } } },
    });
    expect(causes).toEqual([
      'container "wait-for-db" is an init container that still runs, since 2026-01-10T10:00:00Z: the others wait until it succeeds',
    ]);
    expect(next).toEqual(['kubectl crashcart pod/web-0 -n shop -c wait-for-db --tool stacks']);
  });

  test('a volume that can’t be mounted', () => {
    const words = 'MountVolume.SetUp failed for volume "keys" : secret "keys" not found';
    const container = { state: { waiting: { reason: 'ContainerCreating' } } };
    const status = { phase: 'Pending' };
    expect(explain({ container, status }, [event('FailedMount', words, null)]).causes).toEqual([
      `pod can't start its containers: FailedMount: ${words}`,
    ]);
    // Of a pod that runs, such an Event is of the past.
    const running = { ready: true, state: { running: ran } };
    expect(explain({ container: running }, [event('FailedMount', words, null)]).causes).toEqual([]);
  });

  test('a key that is missing', () => {
    const waiting = { reason: 'CreateContainerConfigError', message: 'secret "keys" not found' };
    expect(explain({ container: { state: { waiting } } }).causes).toEqual([
      'container "app" is waiting: CreateContainerConfigError: secret "keys" not found',
    ]);
  });
});

describe('of a pod as a whole, the reason is told that no container has:', () => {
  test('it can’t be scheduled, in the scheduler’s words', () => {
    const message = '0/2 nodes are available: 2 Insufficient memory.';
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
    const { causes, next } = explain({ spec: { nodeName: '' }, status: { phase: 'Pending', conditions } });
    expect(causes).toEqual([`pod is not scheduled: Unschedulable: ${message}`]);
    expect(next).toEqual(['kubectl describe nodes']);
  });

  test('it was evicted, and its node is under pressure', () => {
    const message = 'The node was low on resource: ephemeral-storage.';
    const reason = 'TerminationByKubelet';
    const { causes, next } = explain(
      {
        status: {
          ...{ phase: 'Failed', reason: 'Evicted', message },
          conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message }],
        },
      },
      [],
      { status: { conditions: [{ type: 'DiskPressure', status: 'True', message: 'no space' }] } },
    );
    expect(causes).toEqual([
      `pod has ended: Evicted: ${message}`,
      'node "node-1" is under pressure: DiskPressure (no space)',
    ]);
    expect(next).toEqual(['kubectl crashcart node/node-1']);
  });

  test('it is being deleted, and what keeps it', () => {
    const metadata = { deletionTimestamp: '2026-01-10T10:00:00Z', finalizers: ['example.com/backup'] };
    expect(explain({ metadata }).causes).toEqual([
      'pod is being deleted, at the latest by 2026-01-10T10:00:00Z; finalizers that are not done keep it: example.com/backup',
    ]);
  });

  test('a node that does not report', () => {
    const status = {
      type: 'Ready',
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped',
    };
    expect(explain({}, [], { status: { conditions: [status] } }).causes).toEqual([
      'node "node-1" is not ready: NodeStatusUnknown (Kubelet stopped)',
    ]);
  });
});

test('a container that is not ready says which probe keeps it so', () => {
  const container = { ready: false, started: true, state: { running: ran } };
  const events = [
    event('Unhealthy', 'Readiness probe failed: dial tcp 10.0.0.2:80: connect: connection refused'),
  ];
  expect(explain({ container }, events).causes).toEqual([
    'container "app" runs, but it is not ready: Readiness probe failed: dial tcp 10.0.0.2:80: connect: connection refused',
  ]);
});

test('nothing is wrong with what runs, nor with what has completed as it should', () => {
  const well = explain({ container: { ready: true, started: true, state: { running: ran } } });
  expect(well).toEqual({ causes: [], next: ['kubectl crashcart pod/web-0 -n shop'] });
  const terminated = { ...ran, exitCode: 0, reason: 'Completed' };
  const job = {
    spec: { restartPolicy: 'OnFailure' },
    status: { phase: 'Succeeded' },
    container: { state: { terminated } },
  };
  expect(explain(job)).toEqual({ causes: [], next: [] });
});

test('of a container that does not start again, what is left of it is proposed, and no next run', () => {
  const { next } = explain({
    spec: { restartPolicy: 'Never' },
    container: { state: { terminated: { ...ran, exitCode: 1, reason: 'Error' } } },
  });
  expect(next).toEqual([
    'kubectl crashcart pod/web-0 -n shop -c app --dead',
    'kubectl logs web-0 -n shop -c app',
  ]);
});
