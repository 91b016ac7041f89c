import { describe, expect, test } from '@jest/globals';
import { mergeStrategically } from './strategic-merge.ts';

const original = {
  metadata: { labels: { app: 'agent' } },
  spec: {
    hostPID: true,
    tolerations: [{ operator: 'Exists' }],
    containers: [
      {
        name: 'agent',
        image: 'agent:1',
        env: [{ name: 'A', value: '1' }],
        resources: { requests: { cpu: '50m' }, limits: { memory: '4Gi' } },
      },
    ],
  },
};
const [agent] = original.spec.containers;

// e2e/shape-the-agent.e2e.test.ts compares such patches with what kubectl makes of them.
test.each<[string, object, { metadata?: object; spec?: object }]>([
  [
    'a map is merged',
    { metadata: { labels: { cost: '7' } } },
    { metadata: { labels: { app: 'agent', cost: '7' } } },
  ],
  ['null takes a field away', { spec: { hostPID: null } }, { spec: { hostPID: undefined } }],
  ['null in a new map is nothing', { spec: { dnsConfig: { options: null } } }, { spec: { dnsConfig: {} } }],
  [
    'a list without a key is replaced',
    { spec: { tolerations: [{ key: 'a' }] } },
    { spec: { tolerations: [{ key: 'a' }] } },
  ],
  [
    'an item of a list is found by its key',
    { spec: { containers: [{ name: 'agent', resources: { limits: { cpu: '1' } } }] } },
    {
      spec: {
        containers: [
          { ...agent, resources: { requests: { cpu: '50m' }, limits: { memory: '4Gi', cpu: '1' } } },
        ],
      },
    },
  ],
  [
    'a list of an item has a key of its own',
    { spec: { containers: [{ name: 'agent', env: [{ name: 'B', value: '2' }] }] } },
    {
      spec: {
        containers: [
          {
            ...agent,
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
        ],
      },
    },
  ],
  [
    'an item that is not there is added',
    { spec: { containers: [{ name: 'logs', image: 'logs:1' }] } },
    { spec: { containers: [agent, { name: 'logs', image: 'logs:1' }] } },
  ],
  [
    'an item is deleted',
    { spec: { containers: [{ name: 'agent', env: [{ name: 'A', $patch: 'delete' }] }] } },
    { spec: { containers: [{ ...agent, env: [] }] } },
  ],
  [
    'the deletion of what is not there changes nothing',
    { spec: { containers: [{ name: 'other', $patch: 'delete' }] } },
    { spec: { containers: [agent] } },
  ],
  [
    'a map is replaced',
    { spec: { containers: [{ name: 'agent', resources: { $patch: 'replace', limits: { cpu: '1' } } }] } },
    { spec: { containers: [{ ...agent, resources: { limits: { cpu: '1' } } }] } },
  ],
  [
    'a list is replaced',
    { spec: { containers: [{ $patch: 'replace' }, { name: 'logs', image: 'logs:1' }] } },
    { spec: { containers: [{ name: 'logs', image: 'logs:1' }] } },
  ],
])('%s', (_what, patch, expected) => {
  const before = structuredClone(original);
  const { metadata = {}, spec = {} } = expected;
  expect(mergeStrategically(original, patch as Record<string, unknown>)).toEqual({
    metadata: { ...original.metadata, ...metadata },
    spec: { ...original.spec, ...spec },
  });
  expect(original).toEqual(before);
});

describe('what a merge can’t do is refused by its place:', () => {
  test.each<[object, string]>([
    [{ spec: { containers: [{ image: 'x' }] } }, 'spec.containers: an item has no name'],
    [{ spec: { $retainKeys: ['a'] } }, 'spec.$retainKeys: this directive is not supported'],
    [{ spec: { '$setElementOrder/containers': [] } }, 'spec.$setElementOrder/containers: this directive'],
    [{ spec: { dnsConfig: { $patch: 'delete' } } }, 'spec.dnsConfig: $patch: "delete" is not possible here'],
  ])('%j', (patch, message) => {
    expect(() => mergeStrategically(original, patch as Record<string, unknown>)).toThrow(message);
  });
});
