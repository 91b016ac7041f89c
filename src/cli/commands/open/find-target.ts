import { listAgents } from '../../../cluster/agent-pods/find-agent.ts';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import { describeNextStart } from '../../../cluster/target/waits/next-start.ts';
import {
  chooseContainer,
  chooseContainerName,
  ContainerNotRunningError,
} from '../../../cluster/target/target-container.ts';
import type { Pod } from '../../../cluster/api/objects/kubernetes-objects.ts';
import { refuseUnreachablePod } from '../../../cluster/target/node-checks.ts';
import { describeStandstill } from '../../../cluster/target/probes/standstill.ts';
import { chooseEndedContainer, type EndedContainer } from '../../../cluster/target/ended/ended-container.ts';
import { findEndedPod } from '../../../cluster/target/ended/ended-pod.ts';
import type { Connect } from '../../../cluster/session/agent-connection.ts';
import type { TargetName } from '../../../cluster/target/target-name.ts';
import { findTargetPod } from '../../../cluster/target/target-pod.ts';
import { findUserName } from '../../../cluster/api/user-name.ts';
import { Failure } from '../../../failure/failure.ts';
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
  /** Gives the session a connection that was opened while its target was waited for; left out where there was no wait. */
  connect?: Connect;
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
    return {
      target: { kind: 'node', node: name },
      node: name,
      pod: null,
      agents,
      claimedUser,
    };
  }
  const pod = await findPod(api, { ...options, target: options.target }, signal);
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
  const { name, containerID, notice, end, insteadOf } = chooseRun(pod, options);
  await refuseUnreachablePod(api, pod, signal);
  const standstill = options.stopsTarget && end === null ? describeStandstill(pod, name) : null;
  if (notice !== null && !options.quiet) reporter.tell(notice);
  if (end !== null && !options.quiet) reporter.note(end);
  if (insteadOf !== null && !options.quiet) reporter.tell(describeChoice(insteadOf));
  if (standstill !== null && !options.quiet) reporter.note(standstill);
  const { metadata, spec } = pod;
  const target: SessionTarget = {
    kind: 'container',
    namespace: metadata.namespace,
    pod: metadata.name,
    podUID: metadata.uid,
    container: name,
    containerID,
    hasEnded: end !== null,
  };
  return { target, node: spec.nodeName, pod, ...(await known()) };
}

async function findPod(
  api: ApiClient,
  {
    target,
    container,
    dead,
    deadIfEnded,
  }: SessionOptions & { target: Exclude<TargetName, { kind: 'node' }> },
  signal: AbortSignal,
): Promise<Pod> {
  if (dead) return await findEndedPod(api, target, container, signal);
  try {
    return await findTargetPod(api, target, signal);
  } catch (error) {
    const hasNone = error instanceof Failure && error.code === 'targetNotReady';
    if (!deadIfEnded || !hasNone) throw error;
    // Of a workload no pod runs. Why not is what matters, if none has ended either.
    return await findEndedPod(api, target, container, signal).catch(() => Promise.reject(error));
  }
}

type ChosenRun = Omit<EndedContainer, 'end' | 'finishedAt'> & {
  /** How it has ended; null for one that runs. */
  end: string | null;
  /** Why the container can't be entered, where what is left of it is chosen by itself; else null. */
  insteadOf: ContainerNotRunningError | null;
};

function chooseRun(pod: Pod, { container, dead, deadIfEnded, catch: caught }: SessionOptions): ChosenRun {
  if (caught !== null) return chooseNextRun(pod, container);
  if (dead) return { ...chooseEndedContainer(pod, container), insteadOf: null };
  try {
    return { ...chooseContainer(pod, container), end: null, insteadOf: null };
  } catch (error) {
    const isChosen = deadIfEnded && error instanceof ContainerNotRunningError && error.hasEnded;
    if (!isChosen) throw error;
    return { ...chooseEndedContainer(pod, container), insteadOf: error };
  }
}

function describeChoice({ mayRunAgain }: ContainerNotRunningError): string {
  const waiting = mayRunAgain ? ' With --wait, the session begins when the container runs.' : '';
  return `As with --dead, the session is to be beside its files and its log.${waiting}`;
}

/** @throws Failure `containerNotFound`, `targetNotReady`; ContainerNotRunningError when it won't start again. */
function chooseNextRun(pod: Pod, container: string | null): ChosenRun {
  const chosen = chooseContainerName(pod, container);
  describeNextStart(pod, chosen.name, Date.now());
  if (pod.spec.nodeName === '')
    throw new Failure(
      'targetNotReady',
      `pod "${pod.metadata.name}" is not on a node yet: nobody can watch for its start`,
      'Try again when it is scheduled.',
    );
  return { ...chosen, containerID: '', end: null, insteadOf: null };
}
