import { describe, expect, test } from '@jest/globals';
import { getPodStep, NodeFullError } from './agent-pod-step.ts';
import { podSchema } from '../api/objects/kubernetes-objects.ts';
import { testAgentOptions } from '../testing/sample-agent-options.ts';

const toolboxImage = 'registry.example/tools:1';

function getStep(status: { phase: string; reason?: string; message?: string }, state: object | null = null) {
  const containerStatuses = state === null ? [] : [{ name: 'agent', state }];
  const pod = podSchema.parse({
    metadata: { name: 'agent-1', uid: '1', namespace: 'crashcart' },
    spec: { nodeName: 'node-1' },
    status: { ...status, containerStatuses },
  });
  return getPodStep(pod, { node: 'node-1', options: { ...testAgentOptions, toolboxImage } });
}

const getWaitingStep = (reason: string, message = '') =>
  getStep({ phase: 'Pending' }, { waiting: { reason, message } });

describe('the start of an agent', () => {
  test('waits for its container, runs, and is over when that has ended', () => {
    expect(getStep({ phase: 'Pending' })).toEqual({ kind: 'waiting', text: 'pod scheduled on node-1' });
    expect(getWaitingStep('ContainerCreating')).toEqual({
      kind: 'waiting',
      text: 'starting the agent on node-1',
    });
    expect(getStep({ phase: 'Running' }, { running: {} })).toEqual({ kind: 'running' });
    expect(getStep({ phase: 'Succeeded' })).toEqual({ kind: 'ended' });
  });

  test('waits for an image that is being pulled again', () => {
    expect(getWaitingStep('ImagePullBackOff')).toMatchObject({
      kind: 'pullFailing',
      text: 'pulling the agent\'s image "registry.example/agent:1": ImagePullBackOff',
    });
    expect(getWaitingStep('ErrImagePull', `${toolboxImage}: i/o timeout`)).toMatchObject({
      text: 'pulling the toolbox "registry.example/tools:1": ErrImagePull',
      problem: { isPermanent: false },
    });
  });

  test('on a node without room is another failure than any else', () => {
    const full = { phase: 'Failed', reason: 'OutOfmemory', message: 'Node did not have enough resource' };
    expect(() => getStep(full)).toThrow(NodeFullError);
    expect(() => getStep({ phase: 'Failed' })).toThrow(
      'the agent on the node "node-1" failed: no reason given',
    );
    expect(() => getWaitingStep('CreateContainerError', 'no such device')).toThrow(
      'the agent on the node "node-1" can\'t be started: CreateContainerError (no such device)',
    );
  });
});
