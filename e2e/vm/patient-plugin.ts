import { build, type Plugin } from 'esbuild';
import { describePluginBuilds } from '../../esbuild.config.ts';
import { agentStartLimit } from '../../src/cli/options/agent/agent-start-limit.ts';
import { livenessLimits } from '../../src/session-api/connection/liveness-limits.ts';

/**
 * Builds the plugin as it is, but for three limits: an agent on an emulated CPU starts and answers slowly, and may be busy
 * for longer than a connection may be silent.
 * @param directory where it is written.
 */
export async function buildPatientPlugin(directory: string, slowness: number): Promise<void> {
  const { pingAfterMs, deadAfterMs, answerMs } = livenessLimits;
  const liveness = { pingAfterMs, deadAfterMs: deadAfterMs * slowness, answerMs: answerMs * slowness };
  const startLimit = `${parseInt(agentStartLimit) * slowness}s`;
  const modules = {
    'connection/liveness-limits': `export const livenessLimits = ${JSON.stringify(liveness)};`,
    'options/agent/agent-start-limit': `export const agentStartLimit = '${startLimit}';`,
  };
  const patience: Plugin = {
    name: 'patience',
    setup(bundle) {
      for (const [path, contents] of Object.entries(modules))
        bundle.onLoad({ filter: new RegExp(`/src/.*${path}\\.ts$`) }, () => ({ contents }));
    },
  };
  for (const options of describePluginBuilds(directory))
    await build({ ...options, plugins: [...(options.plugins ?? []), patience] });
}
