import type { AgentOptions } from '../../agent-pods/agent-spec.ts';
import type { ApiClient } from '../../api/api-client.ts';
import { ApiError, isNotFound } from '../../api/api-error.ts';
import type { Node } from '../../api/kubernetes-objects.ts';
import { secrets } from '../../api/resources.ts';
import { approve, type Verdict } from '../finding.ts';

/** The kubelet tells no more images than these, the largest (`nodeStatusMaxImages`). */
const maxToldImages = 50;

/**
 * Judges whether a node has the agent's image, as far as its status tells; a pull is known only when it is tried.
 * @param hasAgent whether an agent runs there that was made with these options.
 */
export function judgeImage(
  { metadata, status }: Node,
  { image, imagePullPolicy }: AgentOptions,
  hasAgent: boolean,
): Verdict {
  if (hasAgent) return approve(`an agent of ${image} runs`);
  const isThere = status.images.some(({ names }) =>
    (names ?? []).some((name) => completeImageName(name) === completeImageName(image)),
  );
  if (isThere && imagePullPolicy !== 'Always') return approve(`${image} is there`);
  if (!isThere && imagePullPolicy === 'Never' && status.images.length < maxToldImages) {
    const mend = 'Load it on the node, or let it be pulled: --image-pull-policy IfNotPresent.';
    return { state: 'failed', found: `${image} is not there, and is not to be pulled`, mend };
  }
  return {
    state: 'unknown',
    found: `${image} ${isThere ? 'is there, and asked for again' : 'would be pulled'}`,
    mend: `\`kubectl crashcart doctor node/${metadata.name} --start-agent\` tries it.`,
  };
}

/** Finds those of the pull secrets that are not there. Who may not read Secrets is told of none. @throws ApiError, Failure. */
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

/** Runtimes tell names with what Docker leaves out: https://github.com/distribution/reference */
function completeImageName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0) return `docker.io/library/${name}`;
  return /[.:]|^localhost$/.test(first) ? name : `docker.io/${name}`;
}
