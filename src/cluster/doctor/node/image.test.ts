import { expect, test } from '@jest/globals';
import type { AgentOptions } from '../../agent-pods/agent-spec.ts';
import { nodeSchema } from '../../api/objects/kubernetes-objects.ts';
import { checkImage } from './image.ts';

const present = ['docker.io/library/agent:1', 'example.com/agent:1', 'example.com/agent@sha256:0123'];

test.each<[string, AgentOptions['imagePullPolicy'], string[], string]>([
  ['example.com/agent:1', 'IfNotPresent', present, 'ok'],
  ['example.com/agent@sha256:0123', 'Never', present, 'ok'],
  ['agent:1', 'IfNotPresent', present, 'ok'],
  ['example.com/agent:1', 'Always', present, 'unknown'],
  ['example.com/agent:2', 'IfNotPresent', present, 'unknown'],
  ['example.com/agent:2', 'Never', present, 'failed'],
  // The kubelet tells no more than so many.
  ['example.com/agent:2', 'Never', Array.from({ length: 50 }, (_, n) => `example.com/${n}`), 'unknown'],
])('%s, to be pulled %s, of the images %j, is %s', (image, imagePullPolicy, images, status) => {
  const nodeStatus = { images: images.map((name) => ({ names: [name] })) };
  const node = nodeSchema.parse({ metadata: { name: 'worker' }, status: nodeStatus });
  expect(checkImage(node, { image, imagePullPolicy } as AgentOptions, false).status).toBe(status);
});

test('an image that an agent runs of is there, whatever the node tells', () => {
  const node = nodeSchema.parse({ metadata: { name: 'worker' } });
  const options = { image: 'example.com/agent:1', imagePullPolicy: 'Always' } as AgentOptions;
  expect(checkImage(node, options, true).status).toBe('ok');
});
