import { expect, test } from '@jest/globals';
import { podSchema } from '../../api/objects/kubernetes-objects.ts';
import { describeStandstill } from './standstill.ts';

const numbers = { periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 2, successThreshold: 1 };
const httpGet = { ...numbers, httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' } };

function describeWith(container: object, status: object = { started: true }): string | null {
  const pod = podSchema.parse({
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'app', ...container }] },
    status: { containerStatuses: [{ name: 'app', ...status }] },
  });
  return describeStandstill(pod, 'app');
}

test('a liveness probe says how long the program may stand still: what the kubelet’s worker makes of its numbers', () => {
  expect(describeWith({ livenessProbe: httpGet })).toBe(
    'the liveness probe of container "app" ends it after standing still for 3 to 5 s',
  );
});

test('probes that take longer than their period follow each other by their timeout', () => {
  expect(describeWith({ livenessProbe: { ...httpGet, timeoutSeconds: 5 } })).toMatch(/for 10 to 12 s$/);
});

test('the command of a probe need not notice', () => {
  expect(describeWith({ livenessProbe: { ...numbers, exec: { command: ['true'] } } })).toMatch(
    / may end it /,
  );
});

test.each<[string, object]>([
  ['no probe', {}],
  ['a readiness probe, which ends nothing', { readinessProbe: httpGet }],
  ['a probe by TCP, which the kernel answers', { livenessProbe: { ...numbers, tcpSocket: { port: 80 } } }],
])('nothing is said of %s', (_what, container) => {
  expect(describeWith(container)).toBeNull();
});

test('a startup probe counts from the start, and before the liveness probe', () => {
  const startupProbe = { ...httpGet, initialDelaySeconds: 5, failureThreshold: 30, periodSeconds: 1 };
  const both = { startupProbe, livenessProbe: httpGet };
  expect(describeWith(both, { started: false })).toBe(
    'the startup probe of container "app" has not succeeded yet: it ends the container about 35 s after its start',
  );
  expect(describeWith(both)).toMatch(/^the liveness probe /);
});
