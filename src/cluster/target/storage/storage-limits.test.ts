import { expect, test } from '@jest/globals';
import { podSchema } from '../../api/objects/kubernetes-objects.ts';
import { findStorageLimits } from './storage-limits.ts';

const pod = podSchema.parse({
  metadata: { name: 'web' },
  spec: {
    volumes: [
      { name: 'cache', emptyDir: { sizeLimit: '64Mi' } },
      { name: 'free', emptyDir: {} },
      { name: 'settings', configMap: { name: 'settings' } },
    ],
    containers: [
      {
        name: 'app',
        resources: { limits: { 'ephemeral-storage': '1Gi', memory: '1Gi' } },
        volumeMounts: [
          { name: 'cache', mountPath: '/var/cache', subPath: 'app' },
          { name: 'free', mountPath: '/free' },
          { name: 'settings', mountPath: '/settings' },
        ],
      },
      { name: 'proxy', volumeMounts: [{ name: 'free', mountPath: '/free' }] },
    ],
  },
});

test('limits of storage are those of the emptyDir volumes that a container has, and its own', () => {
  expect(findStorageLimits(pod, 'app')).toEqual({
    volumes: [{ name: 'cache', path: '/var/cache', bytes: 64 * 1024 ** 2 }],
    containerBytes: 1024 ** 3,
  });
});

test('a container without limits of storage has none', () => {
  expect(findStorageLimits(pod, 'proxy')).toBeNull();
});
