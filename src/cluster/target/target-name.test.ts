import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../failure/failure.ts';
import { parseTargetName } from './target-name.ts';

describe('a target', () => {
  test.each([
    ['web-0', { kind: 'pod', name: 'web-0' }],
    ['pod/web-0', { kind: 'pod', name: 'web-0' }],
    ['po/sessions', { kind: 'pod', name: 'sessions' }],
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
  ])('%s is a workload', (text, resource, apiVersion) => {
    expect(parseTargetName(text)).toMatchObject({ kind: 'workload', workload: { resource, apiVersion } });
  });

  test.each([
    '',
    'pod/',
    '/web',
    'configmap/web',
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
