import { describe, expect, test } from '@jest/globals';
import { getPodStep } from './agent-pod-step.ts';
import { NodeRefusalError } from './refusals/node-refusal.ts';
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

  test('that the kubelet refuses is another failure than an agent that has failed', () => {
    const full = { phase: 'Failed', reason: 'OutOfmemory', message: 'Node did not have enough resource' };
    expect(() => getStep(full)).toThrow(NodeRefusalError);
    expect(() => getStep({ phase: 'Failed' })).toThrow(
      'the agent on the node "node-1" failed: no reason given',
    );
    const crashed = { terminated: { exitCode: 1, reason: 'Error', message: 'Error: no such socket' } };
    expect(() => getStep({ phase: 'Failed' }, crashed)).toThrow('exit code 1 (Error: Error: no such socket)');
    expect(() => getWaitingStep('CreateContainerError', 'no such device')).toThrow(
      'the agent on the node "node-1" can\'t be started: CreateContainerError (no such device)',
    );
  });

  test('of an image that is not an agent’s is told as that', () => {
    const completed = { terminated: { exitCode: 0, reason: 'Completed' } };
    expect(() => getStep({ phase: 'Succeeded' }, completed)).toThrow(
      'the image "registry.example/agent:1" is not an agent\'s',
    );
    expect(() => getWaitingStep('CreateContainerError', 'no command specified')).toThrow("is not an agent's");
    const ended = { terminated: { exitCode: 0, reason: 'Completed', message: 'crashcart agent: idle' } };
    expect(getStep({ phase: 'Succeeded' }, ended)).toEqual({ kind: 'ended' });
  });
});
