import { describe, expect, test } from '@jest/globals';
import { nodeSchema } from '../../api/kubernetes-objects.ts';
import { judgePressure, judgeReadiness, judgeTaints } from './node-state.ts';

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
    ['that is not ready', { conditions: [{ type: 'Ready', status: 'False' }] }, 'failed', 'is not ready'],
    ['that nobody hears of', { conditions: [] }, 'unknown', 'does not say whether it is ready'],
    ['with Windows', { labels: { 'kubernetes.io/os': 'windows' } }, 'failed', 'runs Windows'],
    ['that is none', { labels: { type: 'virtual-kubelet' } }, 'failed', 'is a virtual node'],
  ])('%s', (_what, node, state, words) => {
    const verdict = judgeReadiness(describeNode(node));
    expect(verdict).toMatchObject({ state, found: expect.stringContaining(words) });
  });
});

describe('taints', () => {
  const taint = (key: string) => ({ taints: [{ key, effect: 'NoExecute' }] });

  test.each([
    ['none', {}, 'ok', 'there are none'],
    ['a cordon', { unschedulable: true }, 'ok', 'cordoned: agents tolerate that'],
    ['one that keeps others away', taint('gpu'), 'ok', 'gpu:NoExecute: agents tolerate that'],
    ['one that announces its end', taint('karpenter.sh/disrupted'), 'warning', 'about to go'],
  ])('%s', (_what, spec, state, words) => {
    expect(judgeTaints(describeNode({ spec }))).toMatchObject({
      state,
      found: expect.stringContaining(words),
    });
  });
});

describe('pressure', () => {
  test.each([
    [[], 'ok'],
    [['MemoryPressure'], 'warning'],
    [['DiskPressure'], 'failed'],
    [['MemoryPressure', 'PIDPressure'], 'failed'],
  ])('%j is %s', (types, state) => {
    const conditions = [
      ...types.map((type) => ({ type, status: 'True' })),
      { type: 'NetworkPressure', status: 'False' },
    ];
    expect(judgePressure(describeNode({ conditions })).state).toBe(state);
  });
});
