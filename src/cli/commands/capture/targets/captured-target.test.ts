import { expect, test } from '@jest/globals';
import { podSchema } from '../../../../cluster/api/objects/kubernetes-objects.ts';
import { selectNetworks } from './captured-target.ts';

function select(pod: string, container: string, hostNetwork = false) {
  return {
    target: {
      ...{ kind: 'container' as const, namespace: 'shop', pod, podUID: pod, container },
      ...{ containerID: `containerd://${pod}${container}`, hasEnded: false },
    },
    node: 'node-1',
    pod: podSchema.parse({ metadata: { name: pod }, spec: { hostNetwork } }),
  };
}

test('a network is captured once, whatever shares it', () => {
  const targets = [
    ...[select('web', 'app'), select('web', 'proxy'), select('db', 'app')],
    ...[select('a', 'app', true), select('b', 'app', true)],
    { target: { kind: 'node' as const, node: 'node-1' }, node: 'node-1', pod: null },
  ];
  const { networks, shared } = selectNetworks(targets);
  expect(networks.map(({ name, isNodeNetwork }) => [name, isNodeNetwork])).toEqual([
    ['shop/web/app', false],
    ['shop/db/app', false],
    ['shop/a/app', true],
  ]);
  expect(shared).toEqual([
    { name: 'shop/web/proxy', with: 'shop/web/app' },
    { name: 'shop/b/app', with: 'shop/a/app' },
    { name: 'node/node-1', with: 'shop/a/app' },
  ]);
});
