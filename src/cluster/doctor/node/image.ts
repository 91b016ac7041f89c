import type { AgentOptions } from '../../agent-pods/agent-spec.ts';
import type { ApiClient } from '../../api/api-client.ts';
import { ApiError, isNotFound } from '../../api/api-error.ts';
import type { Node } from '../../api/objects/kubernetes-objects.ts';
import { secrets } from '../../api/resources.ts';
import { type CheckResult, fail, leaveOpen, pass } from '../finding.ts';

/** The kubelet reports only so many images, the largest (`nodeStatusMaxImages`). */
const maxReportedImages = 50;

/**
 * Checks whether a node has the agent's image, as far as its status tells. Only a start shows whether a pull works.
 * @param hasAgent whether an agent of these options runs there.
 */
export function checkImage(
  { metadata, status }: Node,
  { image, imagePullPolicy }: AgentOptions,
  hasAgent: boolean,
): CheckResult {
  if (hasAgent) return pass(`an agent of ${image} runs`);
  const isPresent = status.images.some(({ names }) =>
    (names ?? []).some((name) => completeImageName(name) === completeImageName(image)),
  );
  if (isPresent && imagePullPolicy !== 'Always') return pass(`${image} is on the node`);
  if (!isPresent && imagePullPolicy === 'Never' && status.images.length < maxReportedImages) {
    return fail(
      `${image} is not on the node, and must not be pulled`,
      'Load it on the node, or let the node pull it: --image-pull-policy IfNotPresent.',
    );
  }
  return leaveOpen(
    `${image} ${isPresent ? 'is on the node, and would be pulled again' : 'would be pulled'}`,
    `\`kubectl crashcart doctor node/${metadata.name} --start-agent\` tries the pull.`,
  );
}

/**
 * Finds the pull secrets that do not exist.
 * @returns their names; none when the user may not read Secrets.
 * @throws ApiError, Failure `connection`, `timeout`; what aborted the signal.
 */
export async function findMissingSecrets(
  api: ApiClient,
  { namespace, imagePullSecrets }: AgentOptions,
  signal: AbortSignal,
): Promise<string[]> {
  const answers = await Promise.all(
    imagePullSecrets.map(async (name) => {
      try {
        await api.get({ ...secrets.get(namespace, name), signal });
      } catch (error) {
        if (isNotFound(error)) return [name];
        if (!(error instanceof ApiError) || error.status !== 403) throw error;
      }
      return [];
    }),
  );
  return answers.flat();
}

/** Adds what Docker leaves out of names, and runtimes report: https://github.com/distribution/reference */
function completeImageName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0) return `docker.io/library/${name}`;
  return /[.:]|^localhost$/.test(first) ? name : `docker.io/${name}`;
}
