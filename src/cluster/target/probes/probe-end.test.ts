import { expect, test } from '@jest/globals';
import { eventSchema, podSchema } from '../../api/objects/kubernetes-objects.ts';
import { findProbeEnd } from './probe-end.ts';

const pod = podSchema.parse({ metadata: { name: 'web' }, spec: {}, status: { phase: 'Running' } });
const ended = {
  exitCode: 137,
  signal: 0,
  reason: 'Error',
  message: '',
  startedAt: '2026-01-10T10:00:00Z',
  finishedAt: '2026-01-10T10:00:09Z',
  containerID: 'containerd://1',
};

/** As the kubelet reports them: see pkg/kubelet/prober and pkg/kubelet/kuberuntime. */
const describeEvent = (
  reason: string,
  message: string,
  lastTimestamp = '2026-01-10T10:00:08Z',
  name = 'app',
) =>
  eventSchema.parse({
    reason,
    message,
    lastTimestamp,
    count: 2,
    involvedObject: { kind: 'Pod', name: 'web', fieldPath: `spec.containers{${name}}` },
  });
const unhealthy = describeEvent(
  'Unhealthy',
  'Liveness probe failed: Get "http://10.0.0.2:8080/": context deadline exceeded',
);
const killed = 'Container app failed liveness probe, will be restarted';

test('the probe that ended a container is named, with the words of its last failure', () => {
  const unready = describeEvent(
    'Unhealthy',
    'Readiness probe failed: HTTP probe failed with statuscode: 503',
  );
  expect(findProbeEnd(pod, [unhealthy, unready, describeEvent('Killing', killed)], 'app', ended)).toBe(
    'the liveness probe ended it (Get "http://10.0.0.2:8080/": context deadline exceeded)',
  );
});

test('a startup probe, too', () => {
  const start = describeEvent('Killing', 'Container app failed startup probe, will be restarted');
  expect(findProbeEnd(pod, [start], 'app', ended)).toBe('the startup probe ended it');
});

test.each([
  ['an earlier run', describeEvent('Killing', killed, '2026-01-10T09:59:00Z')],
  ['another container', describeEvent('Killing', killed, undefined, 'other')],
  ['something else', describeEvent('Killing', 'Stopping container app', '2026-01-10T10:01:00Z')],
])('the end of %s is not taken for it', (_what, event) => {
  expect(findProbeEnd(pod, [unhealthy, event], 'app', ended)).toBeNull();
});

test('in a pod that restarts nothing the kubelet names no probe: the moment of the last failure tells', () => {
  const items = [unhealthy, describeEvent('Killing', 'Stopping container app')];
  expect(findProbeEnd(pod, items, 'app', ended)).toMatch(/^the liveness probe ended it/);
  const deletionTimestamp = '2026-01-10T10:00:08Z';
  const deleted = podSchema.parse({ metadata: { name: 'web', deletionTimestamp }, spec: {} });
  expect(findProbeEnd(deleted, items, 'app', ended)).toBeNull();
});
