import type { Node } from '../../api/objects/kubernetes-objects.ts';
import { criticalPriority } from '../../agent-pods/critical-priority.ts';
import { describeNotReady, refuseNode } from '../../target/node-checks.ts';
import { type CheckResult, fail, failBy, leaveOpen, pass, warn } from '../finding.ts';

/** Taints of nodes that are about to be removed, with all that runs there. */
const terminationTaints = [
  'ToBeDeletedByClusterAutoscaler',
  'DeletionCandidateOfClusterAutoscaler',
  'karpenter.sh/disrupted',
  'node.kubernetes.io/out-of-service',
];

/** Checks whether a node can run agents at all: its system, its architecture, and whether it is ready. */
export function checkReadiness(node: Node): CheckResult {
  try {
    refuseNode(node);
  } catch (error) {
    return failBy(error);
  }
  const { nodeInfo, conditions } = node.status;
  const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  const system = `${nodeInfo.osImage || 'Linux'}, ${nodeInfo.architecture}`;
  const notReady = describeNotReady(conditions);
  if (notReady !== null)
    return warn(
      `not ready: ${notReady}`,
      'An agent needs no network of pods, so it may start here all the same: --start-agent tries.',
    );
  if (!isReady) return leaveOpen(`${system}: the node does not report whether it is ready`);
  return pass(`ready; ${system}`);
}

/** Checks a node's taints. Agents tolerate all and bypass the scheduler, so only an announced removal matters. */
export function checkTaints({ spec }: Node): CheckResult {
  const taints = spec.taints.map(({ key, effect }) => `${key}:${effect}`);
  const termination = spec.taints.find(({ key }) => terminationTaints.includes(key));
  if (termination)
    return warn(`${termination.key}: the node is about to be removed`, 'A session there ends with the node.');
  const cordoned = spec.unschedulable ? ['cordoned'] : [];
  const all = [...cordoned, ...taints];
  return pass(all.length === 0 ? 'none' : `${all.join(', ')}: agents tolerate that`);
}

/**
 * Checks a node's pressure by what its kubelet admits. Under memory pressure that is a pod with requests, as agents are;
 * under any other pressure only critical pods, as agents are that are started with --priority.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/eviction/eviction_manager.go (Admit)
 */
export function checkPressure({ status }: Node, isCritical: boolean): CheckResult {
  const pressure = status.conditions
    .filter(({ type, status: value }) => type.endsWith('Pressure') && value === 'True')
    .map(({ type }) => type);
  if (pressure.length === 0) return pass('none');
  const fix = 'Free what the node lacks: `kubectl describe node` shows since when.';
  if (pressure.every((type) => type === 'MemoryPressure'))
    return warn('MemoryPressure: the kubelet may evict agents', fix);
  if (isCritical) return warn(`${pressure.join(', ')}: the kubelet admits critical agents alone`, fix);
  return fail(
    `${pressure.join(', ')}: the kubelet admits critical agents alone`,
    `Give --priority ${criticalPriority}. Or free what the node lacks: \`kubectl describe node\` shows since when.`,
  );
}
