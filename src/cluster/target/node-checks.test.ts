import { describe, expect, test } from '@jest/globals';
import { nodeSchema } from '../api/objects/kubernetes-objects.ts';
import { refuseNode } from './node-checks.ts';

const describeNode = (status: string, message: string) =>
  nodeSchema.parse({
    metadata: { name: 'node-1' },
    status: { conditions: [{ type: 'Ready', status, reason: 'KubeletNotReady', message }] },
  });

describe('a node that is not ready', () => {
  // The kubelet's words, of pkg/kubelet/runtime.go and pkg/kubelet/nodestatus/setters.go.
  test.each([
    'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
    '[container runtime network not ready: NetworkReady=false, CSINode is not yet initialized]',
    'missing node capacity for resources: ephemeral-storage',
    '',
  ])('gets an agent while its kubelet starts what needs no network: %j', (message) => {
    expect(() => refuseNode(describeNode('False', message))).not.toThrow();
  });

  test.each([
    ['False', 'container runtime is down', 'starts no agent in this state'],
    ['False', 'container runtime not ready: RuntimeReady=false', 'starts no agent in this state'],
    ['False', 'container runtime status check may not have completed yet', 'starts no agent'],
    ['False', 'PLEG is not healthy: pleg was last seen active 3m5s ago', 'starts no agent in this state'],
    ['False', 'node is shutting down', 'starts no agent in this state'],
    ['Unknown', 'Kubelet stopped posting node status.', 'the node may be down, or cut off'],
  ])('gets none while its kubelet starts nothing: %s, %j', (status, message, hint) => {
    expect(() => refuseNode(describeNode(status, message))).toThrow(
      expect.objectContaining({ code: 'nodeRefused', hint: expect.stringContaining(hint) }),
    );
  });
});
