import { agentPaths } from '../../../session-api/agent-paths.ts';
import { Failure } from '../../../failure/failure.ts';
import type { Pod } from '../../api/objects/kubernetes-objects.ts';

type Terminated = Pod['status']['containerStatuses'][number]['state']['terminated'];

/**
 * Whether a container that has ended well was not an agent: an agent leaves a message of why it ended
 * (src/agent/termination-message.ts).
 */
export function isForeignEnd(terminated: Terminated): boolean {
  return terminated?.exitCode === 0 && terminated.message === '';
}

/**
 * Refuses an image in which the tunnel's program is missing.
 * @param error of the tunnel. The runtimes' words differ; each names the program that it could not find or execute.
 * @throws Failure `imageFailed`.
 */
export function refuseMissingRelay(image: string, node: string, error: Error): void {
  if (error.message.includes(agentPaths.relay) && /no such file|not found|exec format/i.test(error.message))
    throw describeForeignImage(image, node, `there is no ${agentPaths.relay} in it`, error);
}

/** Describes that an image holds no agent. @returns Failure `imageFailed`. */
export function describeForeignImage(image: string, node: string, why: string, cause?: Error): Failure {
  return new Failure(
    'imageFailed',
    `the image "${image}" is not an agent's, as a pod of it on the node "${node}" shows: ${why}`,
    'Leave --image out for the image of the release, or name a copy of it (--mirror). An image of tools alone is given by --toolbox.',
    { cause },
  );
}
