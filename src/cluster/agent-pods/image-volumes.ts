import * as z from 'zod';
import { dryRun } from './dry-run/agent-dry-run.ts';
import { type AgentOptions, describeAgent, toolboxVolume } from './agent-spec.ts';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '../api/api-error.ts';
import { Failure } from '../../failure/failure.ts';

const jobSchema = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        volumes: z.array(z.looseObject({ name: z.string(), image: z.unknown().optional() })).optional(),
      }),
    }),
  }),
});

/**
 * Makes sure that the API server takes an agent with another toolbox: an older one makes an empty folder of the volume
 * and says nothing, one that has them switched off finds a volume without a type.
 * https://kubernetes.io/docs/concepts/storage/volumes/#image
 * @throws Failure `toolboxRefused`.
 */
export async function requireImageVolumes(
  api: ApiClient,
  node: string,
  options: AgentOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { value } = await dryRun(api, describeAgent(node, options).render(0), signal);
    if (hasImageVolume(value)) return;
  } catch (error) {
    // What else is wrong with it is told when it is made.
    if (!(error instanceof ApiError) || !isVolumeRefused(error)) return;
  }
  throw describeMissingVolumes();
}

/** @returns the failure `toolboxRefused`. */
export function describeMissingVolumes(): Failure {
  return new Failure(
    'toolboxRefused',
    'the cluster has no image volumes, by which --toolbox gives sessions another image',
    'They need Kubernetes 1.35, or 1.31 with the feature gate ImageVolume on the API server and the nodes. A whole agent with other tools is given with --image; --toolbox= leaves out one that is configured.',
  );
}

/** Whether a Job or DaemonSet, as the API server has answered it, still has the image of its toolbox. */
export function hasImageVolume(job: unknown): boolean {
  const parsed = jobSchema.safeParse(job);
  if (!parsed.success) return false;
  const { volumes = [] } = parsed.data.spec.template.spec;
  return volumes.some(({ name, image }) => name === toolboxVolume && image !== undefined && image !== null);
}

/** Whether a Job or DaemonSet is refused for its volume. */
export function isVolumeRefused({ status, message }: Pick<ApiError, 'status' | 'message'>): boolean {
  return (status === 422 || status === 400) && /volumes\[\d+\]/.test(message);
}
