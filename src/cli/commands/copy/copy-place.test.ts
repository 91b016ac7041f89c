import { expect, test } from '@jest/globals';
import { parseCopyPlace } from './copy-place.ts';

const pod = { kind: 'pod', name: 'web-0' };

test.each([
  ['web-0:/etc/hosts', { target: pod, namespace: null, path: '/etc/hosts' }],
  ['shop/web-0:logs', { target: pod, namespace: 'shop', path: 'logs' }],
  ['pod/web-0:/a:b', { target: pod, namespace: null, path: '/a:b' }],
  ['shop/pod/web-0:/x', { target: pod, namespace: 'shop', path: '/x' }],
  ['node/n1:/x', { target: { kind: 'node', name: 'n1' }, namespace: null, path: '/x' }],
  [
    'rollouts.argoproj.io/web:/x',
    {
      target: { kind: 'resource', type: 'rollouts.argoproj.io', name: 'web' },
      namespace: null,
      path: '/x',
    },
  ],
  [':/var/log', { target: null, namespace: null, path: '/var/log' }],
])('%j is of a target', (text, place) => {
  expect(parseCopyPlace(text, 'linux')).toEqual({ kind: 'target', ...place });
});

test.each(['a', './a:b', '/a:b', '../x:y', '-'])('%j is of this machine', (text) => {
  expect(parseCopyPlace(text, 'linux')).toEqual({ kind: 'local', path: text });
});

test('a drive is of this machine on Windows alone', () => {
  expect(parseCopyPlace('C:\\a', 'win32')).toEqual({ kind: 'local', path: 'C:\\a' });
  expect(parseCopyPlace('c:/a', 'linux')).toMatchObject({ kind: 'target', path: '/a' });
});

test('a target without a path is refused', () => {
  expect(() => parseCopyPlace('web-0:', 'linux')).toThrow('"web-0:" has no path after the colon');
});
