import type { Node } from '../../api/kubernetes-objects.ts';
import { refuseNode } from '../../target/node-checks.ts';
import { approve, condemn, type Verdict } from '../finding.ts';

/** Put on nodes that will soon be gone, and what runs there with them. */
const farewellTaints = [
  'ToBeDeletedByClusterAutoscaler',
  'DeletionCandidateOfClusterAutoscaler',
  'karpenter.sh/disrupted',
  'node.kubernetes.io/out-of-service',
];

/** Judges whether a node runs agents at all: its system, its architecture, and whether it is ready. */
export function judgeReadiness(node: Node): Verdict {
  try {
    refuseNode(node);
  } catch (error) {
    return condemn(error);
  }
  const { nodeInfo, conditions } = node.status;
  const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  const found = `${nodeInfo.osImage || 'Linux'}, ${nodeInfo.architecture}`;
  if (!isReady)
    return { state: 'unknown', found: `${found}: it does not say whether it is ready`, mend: null };
  return approve(`ready; ${found}`);
}

/** Judges a node's taints. Agents tolerate all and need no scheduler, so only what they announce matters. */
export function judgeTaints({ spec }: Node): Verdict {
  const taints = spec.taints.map(({ key, effect }) => `${key}:${effect}`);
  const farewell = spec.taints.find(({ key }) => farewellTaints.includes(key));
  if (farewell) {
    const found = `${farewell.key}: the node is about to go`;
    return { state: 'warning', found, mend: 'A session there ends with the node.' };
  }
  const cordoned = spec.unschedulable ? ['cordoned'] : [];
  const all = [...cordoned, ...taints];
  return approve(all.length === 0 ? 'there are none' : `${all.join(', ')}: agents tolerate that`);
}

/**
 * Judges a node's pressure, by what its kubelet then admits: under pressure of memory what has requests, as agents
 * do; under any other nothing that is not critical.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/eviction/eviction_manager.go (Admit)
 */
export function judgePressure({ status }: Node): Verdict {
  const pressure = status.conditions
    .filter(({ type, status: value }) => type.endsWith('Pressure') && value === 'True')
    .map(({ type }) => type);
  if (pressure.length === 0) return approve('there is none');
  const mend = 'Free what the node lacks: `kubectl describe node` says since when.';
  if (pressure.every((type) => type === 'MemoryPressure'))
    return { state: 'warning', found: 'MemoryPressure: the kubelet may evict agents', mend };
  return { state: 'failed', found: `${pressure.join(', ')}: the kubelet admits no agent`, mend };
}
