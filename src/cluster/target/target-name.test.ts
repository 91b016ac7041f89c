import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../failure/failure.ts';
import { parseTargetName } from './target-name.ts';

describe('a target', () => {
  test.each([
    ['web-0', { kind: 'pod', name: 'web-0' }],
    ['pod/web-0', { kind: 'pod', name: 'web-0' }],
    ['po/sessions', { kind: 'pod', name: 'sessions' }],
    ['pods.v1./web', { kind: 'pod', name: 'web' }],
    ['Nodes/node-1.example', { kind: 'node', name: 'node-1.example' }],
  ])('%s is taken as kubectl takes it', (text, expected) => {
    expect(parseTargetName(text)).toEqual(expected);
  });

  test.each([
    ['deploy/web', 'deployments', 'apps/v1'],
    ['deployment.apps/web', 'deployments', 'apps/v1'],
    ['sts/db', 'statefulsets', 'apps/v1'],
    ['ds/log', 'daemonsets', 'apps/v1'],
    ['rs/web-1', 'replicasets', 'apps/v1'],
    ['job/once', 'jobs', 'batch/v1'],
    ['svc/web', 'services', 'v1'],
    ['rc/web', 'replicationcontrollers', 'v1'],
    ['ReplicationController/web', 'replicationcontrollers', 'v1'],
    ['cj/nightly', 'cronjobs', 'batch/v1'],
    ['cronjobs.batch/nightly', 'cronjobs', 'batch/v1'],
    ['Deployment.v1.apps/web', 'deployments', 'apps/v1'],
    ['services.v1./web', 'services', 'v1'],
  ])('%s is a workload', (text, resource, apiVersion) => {
    expect(parseTargetName(text)).toMatchObject({ kind: 'workload', workload: { resource, apiVersion } });
  });

  test.each([
    'rollout/web',
    'deployments.v1beta1.apps/web',
    'services.serving.knative.dev/web',
    'Rollouts/web',
  ])('%s is of a kind that the API server is asked about', (text) => {
    const type = text.slice(0, -'/web'.length).toLowerCase();
    expect(parseTargetName(text)).toEqual({ kind: 'resource', type, name: 'web' });
  });

  test.each([
    '',
    'a%2fb/web',
    '-/web',
    '../web',
    'pod/',
    '/web',
    'pod/a/b',
    'pod/..',
    '../nodes',
    'pod/a%2fb',
    'Web',
    'a b',
  ])('%j is refused', (text) => {
    expect(() => parseTargetName(text)).toThrow(Failure);
  });
});
