import { listAgents } from '../../../cluster/agent-pods/find-agent.ts';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import { chooseContainer } from '../../../cluster/target/target-container.ts';
import type { Pod } from '../../../cluster/api/objects/kubernetes-objects.ts';
import { refuseUnreachablePod } from '../../../cluster/target/node-checks.ts';
import { describeStandstill } from '../../../cluster/target/probes/standstill.ts';
import { chooseEndedContainer } from '../../../cluster/target/ended/ended-container.ts';
import { findEndedPod } from '../../../cluster/target/ended/ended-pod.ts';
import { findTargetPod } from '../../../cluster/target/target-pod.ts';
import { findUserName } from '../../../cluster/api/user-name.ts';
import type { SessionTarget } from '../../../session-api/session-spec.ts';
import type { Context } from '../../context.ts';
import type { SessionOptions } from './session-request.ts';

/** The target of a session, and what was found along with it. */
export interface FoundTarget {
  target: SessionTarget;
  node: string;
  /** null: the node itself is the target. */
  pod: Pod | null;
  /** The pods of all agents, on any node. */
  agents: Pod[];
  /** null when the API server does not tell. */
  claimedUser: string | null;
}

/**
 * Finds the target, the agents and the user's name.
 * @throws Failure `targetNotFound`, `targetNotReady` (ContainerNotRunningError), `containerNotFound`, `nodeRefused`; ApiError; the signal's reason.
 */
export async function findTarget(
  api: ApiClient,
  options: SessionOptions,
  context: Context,
  signal: AbortSignal,
): Promise<FoundTarget> {
  // Requested together with the target: most often an agent is there already. It is chosen when the node is known.
  const agentsRequest = listAgents(api, options.agent.namespace, signal);
  agentsRequest.catch(() => undefined);
  const userRequest = findUserName(api, signal);
  if (options.target.kind === 'node') {
    const { name } = options.target;
    const [agents, claimedUser] = await Promise.all([agentsRequest, userRequest]);
    return { target: { kind: 'node', node: name }, node: name, pod: null, agents, claimedUser };
  }
  const pod = options.dead
    ? await findEndedPod(api, options.target, options.container, signal)
    : await findTargetPod(api, options.target, signal);
  const known = async () => {
    const [agents, claimedUser] = await Promise.all([agentsRequest, userRequest]);
    return { agents, claimedUser };
  };
  return await describeFound(api, pod, options, known, context, signal);
}

/**
 * Describes the target that a pod has, and says what is to be known before it is entered.
 * @param known what was found along with it; asked for last.
 * @throws Failure `targetNotReady` (ContainerNotRunningError), `containerNotFound`, `nodeRefused`; ApiError; the
 *   signal's reason; what `known` throws.
 */
export async function describeFound(
  api: ApiClient,
  pod: Pod,
  options: SessionOptions,
  known: () => Promise<Pick<FoundTarget, 'agents' | 'claimedUser'>>,
  { reporter }: Context,
  signal: AbortSignal,
): Promise<FoundTarget> {
  const ended = options.dead ? chooseEndedContainer(pod, options.container) : null;
  const { name, containerID, notice } = ended ?? chooseContainer(pod, options.container);
  await refuseUnreachablePod(api, pod, signal);
  const standstill = options.stopsTarget && ended === null ? describeStandstill(pod, name) : null;
  if (notice !== null && !options.quiet) reporter.tell(notice);
  if (ended !== null && !options.quiet) reporter.note(ended.end);
  if (standstill !== null && !options.quiet) reporter.note(standstill);
  const { metadata, spec } = pod;
  const target: SessionTarget = {
    kind: 'container',
    namespace: metadata.namespace,
    pod: metadata.name,
    podUID: metadata.uid,
    container: name,
    containerID,
    hasEnded: ended !== null,
  };
  return { target, node: spec.nodeName, pod, ...(await known()) };
}
