import { describe, expect, test } from '@jest/globals';
import { judgePod, NodeFullError } from './agent-pod-step.ts';
import { podSchema } from '../api/kubernetes-objects.ts';
import { testAgentOptions } from '../testing/sample-agent-options.ts';

const toolboxImage = 'registry.example/tools:1';

function judge(status: { phase: string; reason?: string; message?: string }, state: object | null = null) {
  const containerStatuses = state === null ? [] : [{ name: 'agent', state }];
  const pod = podSchema.parse({
    metadata: { name: 'agent-1', uid: '1', namespace: 'crashcart' },
    spec: { nodeName: 'node-1' },
    status: { ...status, containerStatuses },
  });
  return judgePod(pod, { node: 'node-1', options: { ...testAgentOptions, toolboxImage } });
}

const judgeWaiting = (reason: string, message = '') =>
  judge({ phase: 'Pending' }, { waiting: { reason, message } });

describe('the start of an agent', () => {
  test('waits for its container, runs, and is over when that has ended', () => {
    expect(judge({ phase: 'Pending' })).toEqual({ kind: 'waiting', text: 'pod scheduled on node-1' });
    expect(judgeWaiting('ContainerCreating')).toEqual({
      kind: 'waiting',
      text: 'starting the agent on node-1',
    });
    expect(judge({ phase: 'Running' }, { running: {} })).toEqual({ kind: 'running' });
    expect(judge({ phase: 'Succeeded' })).toEqual({ kind: 'ended' });
  });

  test('may yet come by its image, unless a retry does not change what is wrong', () => {
    expect(judgeWaiting('ErrImagePull', 'i/o timeout')).toMatchObject({ permanent: false });
    expect(judgeWaiting('ErrImagePull', 'manifest unknown')).toMatchObject({ permanent: true });
    expect(judgeWaiting('ErrImageNeverPull')).toMatchObject({ permanent: true });
  });

  test('names the image that it has not got: its own, or that of another toolbox', () => {
    expect(judgeWaiting('ImagePullBackOff')).toMatchObject({
      text: 'pulling the agent\'s image "registry.example/agent:1": ImagePullBackOff',
    });
    expect(judgeWaiting('ErrImagePull', `${toolboxImage}: denied`)).toMatchObject({
      failure: {
        code: 'imageFailed',
        message: expect.stringMatching(/^the toolbox "registry.example\/tools:1" /),
      },
    });
  });

  test('on a node without room is another failure than any else', () => {
    const full = { phase: 'Failed', reason: 'OutOfmemory', message: 'Node did not have enough resource' };
    expect(() => judge(full)).toThrow(NodeFullError);
    expect(() => judge({ phase: 'Failed' })).toThrow(
      'the agent on the node "node-1" failed: no reason given',
    );
    expect(() => judgeWaiting('CreateContainerError', 'no such device')).toThrow(
      'the agent on the node "node-1" can\'t be started: CreateContainerError (no such device)',
    );
  });
});
