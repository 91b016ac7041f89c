import { expect, test } from '@jest/globals';
import { parseEndpointFlag } from './runtime-endpoint.ts';

test.each([
  [['kubelet', '--container-runtime-endpoint=unix:///run/k0s/containerd.sock'], '/run/k0s/containerd.sock'],
  [['kubelet', '--container-runtime-endpoint', '/var/run/crio/crio.sock'], '/var/run/crio/crio.sock'],
  [['kubelet', '--container-runtime-endpoint=unix:/run/a.sock'], '/run/a.sock'],
  [['kubelet', '--container-runtime-endpoint=npipe:////./pipe/containerd'], null],
  [['kubelet', '--config', '/etc/kubelet.yaml'], null],
])('reads the runtime endpoint from %j', (argv, expected) => {
  expect(parseEndpointFlag(argv)).toBe(expected);
});
