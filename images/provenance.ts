import { join } from 'node:path';
import { z } from 'zod';
import packageJSON from '../package.json' with { type: 'json' };
import { runCommand } from './machine/run-command.ts';

/** Where an image comes from. */
export interface Provenance {
  version: string;
  /** As seconds since 1970, in UTC. */
  createdSeconds: number;
  /** By the names of https://specs.opencontainers.org/image-spec/annotations/ */
  labels: Record<string, string>;
}

const checkout = join(import.meta.dirname, '..');
const prefix = 'org.opencontainers.image';
const repositorySchema = z.object({
  repository: z.union([z.string(), z.object({ url: z.string() }).transform(({ url }) => url)]).optional(),
});

/**
 * Reads what published images say of their origin. It takes the commit's time in place of the clock's, so that images
 * of one commit say the same. There is no base.name: their root is made of packages, and does not come from an image.
 * @throws when git can't tell the commit.
 */
export async function readProvenance(version: string, env = process.env): Promise<Provenance> {
  const commit = await runGit(['log', '-1', '--format=%H %ct']);
  const [revision = '', seconds] = commit.trim().split(' ');
  const changed = (await runGit(['status', '--porcelain'])) !== '';
  // https://reproducible-builds.org/specs/source-date-epoch/
  const createdSeconds = Number(env['SOURCE_DATE_EPOCH'] || seconds);
  const { repository } = repositorySchema.parse(packageJSON);
  return {
    version,
    createdSeconds,
    labels: {
      [`${prefix}.version`]: version,
      // A commit that is not what was built would be a false trail.
      [`${prefix}.revision`]: changed ? `${revision}-dirty` : revision,
      [`${prefix}.created`]: new Date(createdSeconds * 1000).toISOString().replace('.000Z', 'Z'),
      [`${prefix}.licenses`]: packageJSON.license,
      ...(repository === undefined ? {} : { [`${prefix}.source`]: repository }),
    },
  };
}

async function runGit(args: string[]): Promise<string> {
  try {
    return await runCommand('git', args, { cwd: checkout });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`published images name their commit, and git can't tell which it is: ${why}`, {
      cause: error,
    });
  }
}
