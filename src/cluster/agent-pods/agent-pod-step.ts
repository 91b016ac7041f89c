import { agentContainer } from './agent-spec.ts';
import { findPullProblem, nameImage, type PullProblem, type StartingAgent } from './image-pull.ts';
import { describeForeignImage, isForeignEnd } from './refusals/foreign-image.ts';
import { leastCriticalPriority } from './critical-priority.ts';
import { explainNodeRefusal } from './refusals/node-refusal.ts';
import { describeTermination } from '../target/target-container.ts';
import { Failure } from '../../failure/failure.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';

type ContainerState = Pod['status']['containerStatuses'][number]['state'];

/** How far an agent's pod has come, with what is being waited for in a few words. */
export type AgentPodStep =
  | { kind: 'running' }
  | { kind: 'ended' }
  | { kind: 'waiting'; text: string }
  | { kind: 'pullFailing'; text: string; problem: PullProblem };

/**
 * Tells how far the start of an agent's pod has come.
 * @throws Failure `imageFailed` for an image that is not an agent's, `agentFailed` when the start has failed for good: NodeRefusalError when the kubelet refuses the pod.
 */
export function getPodStep(pod: Pod, { options, node }: StartingAgent): AgentPodStep {
  const { status, metadata } = pod;
  if (metadata.deletionTimestamp !== null) return { kind: 'ended' };
  const container = status.containerStatuses.find(({ name }) => name === agentContainer);
  if (isForeignEnd(container?.state.terminated))
    throw describeForeignImage(options.image, node, 'its own program has ended at once');
  if (status.phase === 'Succeeded') return { kind: 'ended' };
  if (status.phase === 'Failed') throw explainFailure(pod, container?.state.terminated, node);
  if (container?.state.running) return { kind: 'running' };
  const waiting = container?.state.waiting;
  const problem = waiting ? findPullProblem(waiting) : null;
  if (waiting && problem !== null) {
    const text = `pulling the ${nameImage(waiting.message, options)}: ${waiting.reason}`;
    return { kind: 'pullFailing', text, problem };
  }
  if (waiting && /^(CreateContainer|RunContainer)/.test(waiting.reason)) {
    if (waiting.message.includes('no command specified'))
      throw describeForeignImage(options.image, node, 'it names no program to run');
    throw new Failure(
      'agentFailed',
      `the agent on the node "${node}" can't be started: ${waiting.reason} (${waiting.message})`,
      adviseExit(null, waiting.message),
    );
  }
  return { kind: 'waiting', text: container ? `starting the agent on ${node}` : `pod scheduled on ${node}` };
}

/** A pod that failed is deleted with its Job, so what there is to know has to be told now. */
function explainFailure(
  { status, spec }: Pod,
  terminated: ContainerState['terminated'],
  node: string,
): Failure {
  const refusal = explainNodeRefusal(node, status, spec.priority >= leastCriticalPriority);
  if (refusal !== null) return refusal;
  const why = terminated ? describeTermination(terminated) : status.message.trim() || 'no reason given';
  return new Failure(
    'agentFailed',
    `the agent on the node "${node}" failed: ${why}`,
    adviseExit(terminated?.exitCode ?? null, why),
  );
}

function adviseExit(exitCode: number | null, why: string): string | null {
  if (why.includes('exec format error'))
    return "The image is built for another architecture than the node's: `kubectl get node -o wide` and --image.";
  // The kernel kills what takes more memory than its limit by SIGKILL.
  if (exitCode === 137)
    return "The agent was killed, perhaps for want of memory: the node's kernel log tells.";
  return exitCode === null ? null : "If the image of --image is not an agent's, its own program has ended.";
}
