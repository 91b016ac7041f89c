import { join } from 'node:path';
import { build } from 'esbuild';
import { describeAgentBuild } from '../esbuild.config.ts';
import { withIdentity } from '../krew/release-identity.ts';

/**
 * Bundles the agent as one of a version that is not the checkout's, in the place of the checkout's own: the plugin of
 * that release tells its users what the agent says.
 */
export async function writeAgentBundle(version: string): Promise<void> {
  const options = describeAgentBuild('dist/agent');
  const absWorkingDir = join(import.meta.dirname, '..');
  await build({
    ...options,
    absWorkingDir,
    plugins: [withIdentity({ version }), ...(options.plugins ?? [])],
  });
}
