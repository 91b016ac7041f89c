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
 * Makes sure by a dry run that the API server accepts an agent with another toolbox. An API server that does not know
 * image volumes silently makes an empty folder of the volume; where the feature is off, the volume has no type.
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
    // Any other failure is reported when the Job is made.
    if (!(error instanceof ApiError) || !isVolumeRefused(error)) return;
  }
  throw describeMissingVolumes();
}

/** Describes that --toolbox does not work in this cluster. @returns Failure `toolboxRefused`. */
export function describeMissingVolumes(): Failure {
  return new Failure(
    'toolboxRefused',
    'the cluster has no image volumes, which --toolbox needs',
    'Image volumes need Kubernetes 1.35, or 1.31 with the feature gate ImageVolume on the API server and the nodes. Without them, give a whole agent with other tools by --image; --toolbox= ignores a configured toolbox.',
  );
}

/** Whether a Job or DaemonSet still has its toolbox's image in the API server's answer. */
export function hasImageVolume(job: unknown): boolean {
  const parsed = jobSchema.safeParse(job);
  if (!parsed.success) return false;
  const { volumes = [] } = parsed.data.spec.template.spec;
  return volumes.some(({ name, image }) => name === toolboxVolume && image !== undefined && image !== null);
}

/** Whether the API server refuses a Job or DaemonSet for its volume. */
export function isVolumeRefused({ status, message }: Pick<ApiError, 'status' | 'message'>): boolean {
  return (status === 422 || status === 400) && /volumes\[\d+\]/.test(message);
}
