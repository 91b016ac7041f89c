import { criticalPriority } from '../critical-priority.ts';
import { Failure } from '../../../failure/failure.ts';

/** What may have the kubelet admit the agent after all. */
export type NodeRefusalRemedy =
  /** The agent's requests do not fit: without them the agent may. */
  | 'noRequests'
  /** Only critical pods are admitted. */
  | 'criticalPriority';

/** The kubelet has refused the agent's pod, or has ended the pod for the sake of the node. */
export class NodeRefusalError extends Failure {
  override name = 'NodeRefusalError';
  /** null: the node takes no agent. */
  readonly remedy: NodeRefusalRemedy | null;

  constructor(message: string, hint: string | null, remedy: NodeRefusalRemedy | null) {
    super('agentFailed', message, hint);
    this.remedy = remedy;
  }
}

/** A pod's `status`, as far as it tells of a refusal. */
interface RefusedStatus {
  reason: string;
  message: string;
}

interface Explanation {
  words: string;
  hint: string | null;
  remedy: NodeRefusalRemedy | null;
}

const adviseCritical = `A critical agent is admitted: --priority ${criticalPriority}.`;

/**
 * The kubelet's reasons, each with what it means. They are not an API: an unknown one is told with the kubelet's words.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/lifecycle/predicate.go (OutOf…, NodeAffinity, …)
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/eviction/eviction_manager.go (Evicted)
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/nodeshutdown/nodeshutdown_manager.go
 */
const explanations: [reason: RegExp, explain: (status: RefusedStatus) => Explanation][] = [
  [
    /^OutOfpods$/,
    () => ({
      words: 'runs as many pods as its kubelet allows',
      hint: `${adviseCritical} The kubelet then ends a pod of a lower priority to make room.`,
      remedy: 'criticalPriority',
    }),
  ],
  [
    /^OutOf/,
    () => ({
      words: 'has no room for the agent',
      hint: 'Ask for less (--agent-resource), or end something on the node: `kubectl describe node` shows what its pods ask for.',
      remedy: 'noRequests',
    }),
  ],
  [
    /^UnexpectedAdmissionError$/,
    () => ({
      words: 'could not admit the agent',
      hint: 'The kubelet met an error of its own, or of a device plugin: its log on the node has more.',
      remedy: 'noRequests',
    }),
  ],
  [/^Evicted$/, explainEviction],
  [
    /^(NodeShutdown|Shutdown|Terminated)$/,
    () => ({
      words: 'is shutting down',
      hint: 'The kubelet admits no pod any more. Try again when the node is back.',
      remedy: null,
    }),
  ],
  [
    /^Preempting$/,
    () => ({
      words: 'has ended the agent to make room for a critical pod',
      hint: adviseCritical,
      remedy: 'criticalPriority',
    }),
  ],
  [
    /^(NodeAffinity|NodeName|NodeSelectorMismatching|PodOS\w*)$/,
    () => ({
      words: 'does not have what the agent is told to look for',
      hint: "The agent's pod has a node selector, an affinity or a system that the node's labels do not match: from --agent-patch, or from an admission policy of the cluster.",
      remedy: null,
    }),
  ],
];

/**
 * Explains why the kubelet does not run an agent's pod.
 * @param status of a pod whose phase is Failed.
 * @param isCritical whether the agent was critical already.
 * @returns null when the kubelet gives no reason: then it is the agent itself that has ended.
 */
export function explainNodeRefusal(
  node: string,
  status: RefusedStatus,
  isCritical: boolean,
): NodeRefusalError | null {
  const { reason, message } = status;
  if (reason === '') return null;
  const explain = explanations.find(([pattern]) => pattern.test(reason))?.[1] ?? explainOther;
  const { words, hint, remedy } = explain(status);
  const told = `the node "${node}" ${words}: ${reason}${message === '' ? '' : ` (${message.trim()})`}`;
  // What the agent had already is no way out.
  return isCritical && remedy === 'criticalPriority'
    ? new NodeRefusalError(told, 'The agent was critical already: free what the node lacks.', null)
    : new NodeRefusalError(told, hint, remedy);
}

/** Under memory pressure an agent is admitted, but may be evicted; under any other pressure only critical pods are. */
function explainEviction({ message }: RefusedStatus): Explanation {
  const isAdmission = /had condition/.test(message);
  return {
    words: isAdmission ? 'is under pressure, and takes no agent' : 'has evicted the agent',
    hint: `${adviseCritical} Or free what the node lacks: \`kubectl describe node\` shows since when.`,
    remedy: 'criticalPriority',
  };
}

function explainOther(): Explanation {
  return {
    words: 'refuses the agent',
    hint: "These are the kubelet's words. Its log on the node may have more.",
    remedy: null,
  };
}
