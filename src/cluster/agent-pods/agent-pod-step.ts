import { agentContainer } from './agent-spec.ts';
import { findPullProblem, nameImage, type PullProblem, type StartingAgent } from './image-pull.ts';
import { describeTermination } from '../target/target-container.ts';
import { Failure } from '../../failure/failure.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';

/** The kubelet had no room for the pod's requests. */
export class NodeFullError extends Failure {
  override name = 'NodeFullError';
}

type ContainerState = Pod['status']['containerStatuses'][number]['state'];

/** How far an agent's pod has come, with what is being waited for in a few words. */
export type AgentPodStep =
  | { kind: 'running' }
  | { kind: 'ended' }
  | { kind: 'waiting'; text: string }
  | { kind: 'pullFailing'; text: string; problem: PullProblem };

/**
 * Tells how far the start of an agent's pod has come.
 * @throws Failure `agentFailed` when the start has failed for good: NodeFullError when the node has no room.
 */
export function getPodStep(pod: Pod, { options, node }: StartingAgent): AgentPodStep {
  const { status, metadata } = pod;
  if (metadata.deletionTimestamp !== null || status.phase === 'Succeeded') return { kind: 'ended' };
  const container = status.containerStatuses.find(({ name }) => name === agentContainer);
  if (status.phase === 'Failed') throw explainFailure(pod, container?.state.terminated, node);
  if (container?.state.running) return { kind: 'running' };
  const waiting = container?.state.waiting;
  const problem = waiting ? findPullProblem(waiting) : null;
  if (waiting && problem !== null) {
    const text = `pulling the ${nameImage(waiting.message, options)}: ${waiting.reason}`;
    return { kind: 'pullFailing', text, problem };
  }
  if (waiting && /^(CreateContainer|RunContainer)/.test(waiting.reason)) {
    throw new Failure(
      'agentFailed',
      `the agent on the node "${node}" can't be started: ${waiting.reason} (${waiting.message})`,
    );
  }
  return { kind: 'waiting', text: container ? `starting the agent on ${node}` : `pod scheduled on ${node}` };
}

function explainFailure(
  { status, metadata }: Pod,
  terminated: ContainerState['terminated'],
  node: string,
): Failure {
  if (/^OutOf|^UnexpectedAdmissionError/.test(status.reason))
    return new NodeFullError(
      'agentFailed',
      `the node "${node}" has no room for the agent: ${status.reason} (${status.message})`,
    );
  const why = terminated
    ? describeTermination(terminated)
    : `${status.reason} ${status.message}`.trim() || 'no reason given';
  return new Failure(
    'agentFailed',
    `the agent on the node "${node}" failed: ${why}`,
    `Its log: kubectl logs -n ${metadata.namespace} ${metadata.name}`,
  );
}
