import { describe, expect, test } from '@jest/globals';
import { nodeSchema } from '../../api/objects/kubernetes-objects.ts';
import { checkPressure, checkReadiness, checkTaints } from './node-state.ts';

const ready = { type: 'Ready', status: 'True' };

function describeNode({ conditions = [ready], labels = {}, spec = {}, architecture = 'amd64' } = {}) {
  const status = { conditions, nodeInfo: { architecture, osImage: 'Debian' } };
  return nodeSchema.parse({ metadata: { name: 'worker', labels }, spec, status });
}

describe('a node', () => {
  test.each([
    ['that is ready', {}, 'ok', 'ready; Debian, amd64'],
    ['of arm64', { architecture: 'arm64' }, 'ok', 'ready; Debian, arm64'],
    ['of another architecture', { architecture: 's390x' }, 'failed', 'has the architecture s390x'],
    [
      'whose container runtime is down',
      { conditions: [{ type: 'Ready', status: 'False', message: 'container runtime is down' }] },
      'failed',
      'is not ready',
    ],
    [
      'that has no network of pods',
      {
        conditions: [
          { type: 'Ready', status: 'False', message: 'container runtime network not ready: cni config' },
        ],
      },
      'warning',
      'not ready: ',
    ],
    [
      'that reports no longer',
      { conditions: [{ type: 'Ready', status: 'Unknown' }] },
      'failed',
      'is not ready',
    ],
    [
      'of Fargate',
      { labels: { 'eks.amazonaws.com/compute-type': 'fargate' } },
      'failed',
      'runs on AWS Fargate',
    ],
    ['of EKS', { labels: { 'eks.amazonaws.com/compute-type': 'auto' } }, 'ok', 'ready'],
    ['that reports nothing', { conditions: [] }, 'unknown', 'does not report whether it is ready'],
    ['with Windows', { labels: { 'kubernetes.io/os': 'windows' } }, 'failed', 'runs Windows'],
    ['that is virtual', { labels: { type: 'virtual-kubelet' } }, 'failed', 'is a virtual node'],
  ])('%s', (_what, node, status, words) => {
    const result = checkReadiness(describeNode(node));
    expect(result).toMatchObject({ status, message: expect.stringContaining(words) });
  });
});

describe('taints', () => {
  const taint = (key: string) => ({ taints: [{ key, effect: 'NoExecute' }] });

  test.each([
    ['none', {}, 'ok', 'none'],
    ['a cordon', { unschedulable: true }, 'ok', 'cordoned: agents tolerate that'],
    ['one that keeps others away', taint('gpu'), 'ok', 'gpu:NoExecute: agents tolerate that'],
    ['one that announces its end', taint('karpenter.sh/disrupted'), 'warning', 'about to be removed'],
  ])('%s', (_what, spec, status, words) => {
    expect(checkTaints(describeNode({ spec }))).toMatchObject({
      status,
      message: expect.stringContaining(words),
    });
  });
});

describe('pressure', () => {
  test.each([
    [[], 'ok', 'ok'],
    [['MemoryPressure'], 'warning', 'warning'],
    [['DiskPressure'], 'failed', 'warning'],
    [['MemoryPressure', 'PIDPressure'], 'failed', 'warning'],
  ])('%j is %s, and %s for a critical agent', (types, status, ofCritical) => {
    const conditions = [
      ...types.map((type) => ({ type, status: 'True' })),
      { type: 'NetworkPressure', status: 'False' },
    ];
    expect(checkPressure(describeNode({ conditions }), false).status).toBe(status);
    expect(checkPressure(describeNode({ conditions }), true).status).toBe(ofCritical);
  });
});
