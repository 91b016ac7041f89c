import { Failure } from '../../failure/failure.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { events } from '../api/resources.ts';
import type { AgentOptions } from './agent-spec.ts';

/** What failures name of an agent that is starting. */
export interface StartingAgent {
  node: string;
  options: Pick<AgentOptions, 'image' | 'toolboxImage'>;
}

/** That the kubelet can't get an image, in its words. */
export interface PullProblem {
  reason: string;
  /** What the registry or the runtime said; empty while the kubelet only waits for its next try, as older ones do. */
  message: string;
  /** Whether a retry does not change what is wrong. */
  isPermanent: boolean;
}

type Waiting = NonNullable<Pod['status']['containerStatuses'][number]['state']['waiting']>;

/** The failure itself is known by then. */
const eventsLimitMs = 3000;
/** The kubelet's reasons: https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/types.go */
const pullReason = /^(ErrImage|ImagePull|InvalidImage|RegistryUnavailable|ImageInspect|SignatureValidation)/;
const permanentReasons = ['InvalidImageName', 'ErrImageNeverPull', 'SignatureValidationFailed'];
/** Words of registries and runtimes for what a retry does not change. */
const permanentMessage =
  /not found|not exist|denied|unauthorized|forbidden|invalid|manifest unknown|no match for platform|x509|HTTP response to HTTPS client|no basic auth credentials/i;
/** Older kubelets say no more while they wait for the next try; others add why the last one failed. */
const backOff = /^Back-off pulling image "[^"]*"(: ErrImagePull: )?/;
/** The Event of a pull that failed. */
const pullEvent = /^Failed to pull image "([^"]*)": /;

/** @returns null when the container does not wait for an image that could not be pulled. */
export function findPullProblem({ reason, message }: Waiting): PullProblem | null {
  if (!pullReason.test(reason)) return null;
  return describeProblem(reason, message.replace(backOff, ''));
}

/**
 * Reads from a pod's Events why its image could not be pulled.
 * @param pod name of the pod.
 * @returns null when the Events do not tell, or the user may not read them.
 * @throws what aborted the signal.
 */
export async function readPullProblem(
  api: ApiClient,
  { namespace, pod }: { namespace: string; pod: string },
  signal: AbortSignal,
): Promise<PullProblem | null> {
  const query = { fieldSelector: `involvedObject.kind=Pod,involvedObject.name=${pod}` };
  // What is asked for the sake of the message must not hide the failure.
  const limited = AbortSignal.any([signal, AbortSignal.timeout(eventsLimitMs)]);
  const answer = await api.get({ ...events.list(namespace), query, signal: limited }).catch(() => null);
  signal.throwIfAborted();
  const told = answer?.items.findLast(({ message }) => pullEvent.test(message));
  return told ? describeProblem('ErrImagePull', told.message.replace(pullEvent, '')) : null;
}

/** @returns Failure `imageFailed`. */
export function describePullFailure(
  { reason, message }: PullProblem,
  { node, options }: StartingAgent,
): Failure {
  return new Failure(
    'imageFailed',
    `the ${nameImage(message, options)} can't be pulled on the node "${node}": ${reason}${message === '' ? '' : `: ${message}`}`,
    'Give another image with --image, or credentials with --image-pull-secret.',
  );
}

/** The kubelet reports both images at the container; only its message names the one that failed. */
export function nameImage(message: string, { image, toolboxImage }: StartingAgent['options']): string {
  return toolboxImage !== null && message.includes(toolboxImage)
    ? `toolbox "${toolboxImage}"`
    : `agent's image "${image}"`;
}

function describeProblem(reason: string, message: string): PullProblem {
  return {
    reason,
    message,
    isPermanent: permanentReasons.includes(reason) || permanentMessage.test(message),
  };
}
