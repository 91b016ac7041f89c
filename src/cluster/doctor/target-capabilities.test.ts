import { expect, test } from '@jest/globals';
import { podSchema } from '../api/objects/kubernetes-objects.ts';
import { checkCapabilities } from './target-capabilities.ts';

const check = (securityContext: object | null, spec: object = {}) =>
  checkCapabilities(
    podSchema.parse({
      metadata: { name: 'pod' },
      spec: { containers: [{ name: 'app' }, { name: 'other', securityContext }], ...spec },
    }),
    'other',
  );

test.each([
  [{ privileged: true }],
  [{ capabilities: { add: ['NET_ADMIN', 'SYS_PTRACE'] } }],
  [{ capabilities: { add: ['CAP_SYS_PTRACE'] } }],
  [{ capabilities: { drop: ['ALL'], add: ['ALL'] } }],
])('a container with %j can take over a session', (securityContext) => {
  expect(check(securityContext)).toMatchObject({
    status: 'warning',
    message: expect.stringContaining('container "other" has CAP_SYS_PTRACE'),
  });
});

test.each([
  [null],
  [{ privileged: false, capabilities: null }],
  [{ capabilities: { add: ['NET_ADMIN', 'SYS_ADMIN'] } }],
  [{ capabilities: { drop: ['ALL'] } }],
])('a container with %j can’t', (securityContext) => {
  expect(check(securityContext).status).toBe('ok');
});

test('a container of a pod with its own user namespace can’t, whatever it has there', () => {
  expect(check({ privileged: true }, { hostUsers: false }).status).toBe('ok');
});

test('another container can where the pod’s containers see each other’s processes', () => {
  const containers = [{ name: 'app', securityContext: { privileged: true } }, { name: 'other' }];
  expect(check(null, { containers }).status).toBe('ok');
  expect(check(null, { containers, shareProcessNamespace: true })).toMatchObject({
    status: 'warning',
    message: expect.stringContaining('container "app"'),
  });
});
