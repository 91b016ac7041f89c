import { expect, test } from '@jest/globals';
import { replicaSetSchema } from '../api/objects/kubernetes-objects.ts';
import { compareRevisions } from './recent-change.ts';

const describeRevision = (revision: number, container: object, deployment = 'web') =>
  replicaSetSchema.parse({
    metadata: {
      name: `${deployment}-${revision}`,
      creationTimestamp: `2026-01-0${revision}T00:00:00Z`,
      labels: { 'pod-template-hash': `hash-${revision}` },
      annotations: { 'deployment.kubernetes.io/revision': String(revision) },
      ownerReferences: [{ kind: 'Deployment', name: deployment }],
    },
    spec: { template: { spec: { containers: [{ name: 'app', ...container }] } } },
  });

test('a revision is compared with the one before, field by field', () => {
  const all = [
    describeRevision(3, { image: 'web:2', env: [{ name: 'A', value: '1' }] }),
    describeRevision(1, { image: 'web:0' }),
    describeRevision(2, { image: 'web:1' }),
    describeRevision(2, { image: 'other:1' }, 'other'),
  ];
  expect(compareRevisions(all, 'hash-3')).toEqual({
    deployment: 'web',
    revision: 3,
    since: '2026-01-03T00:00:00Z',
    changes: ['image of "app": web:1 -> web:2', 'env of "app" changed'],
  });
});

test('of the first revision nothing has changed, and a ReplicaSet of its own has none', () => {
  expect(compareRevisions([describeRevision(1, {})], 'hash-1')).toMatchObject({ revision: 1, changes: [] });
  expect(compareRevisions([], 'hash-1')).toBeNull();
});
