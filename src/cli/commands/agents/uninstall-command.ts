import { Failure } from '../../../failure/failure.ts';
import { removeResidentAgents } from '../../../cluster/agent-pods/resident/resident-agents.ts';
import { ProgressLine } from '../../../terminal/progress.ts';
import { agentAccessOptions, openApi } from '../../options/access-options.ts';
import { defineCommand } from '../../command-line/command.ts';
import { defineTimeout } from '../../options/agent/agent-options.ts';
import { runUntilInterrupted } from '../../process/lifetime.ts';

/** Removes the agents that are kept on nodes. */
export const uninstallCommand = defineCommand({
  name: 'uninstall',
  usage: 'kubectl crashcart uninstall',
  summary: [
    'Remove the agents that `install` keeps, and wait until they are gone. Their',
    'sessions end. The namespace, the roles and the agents of other sessions stay.',
  ].join('\n'),
  examples: [
    { purpose: 'Remove the installed agents', line: 'kubectl crashcart uninstall' },
    { purpose: 'Wait longer for slow nodes', line: 'kubectl crashcart uninstall --timeout 5m' },
  ],
  options: {
    timeoutMs: defineTimeout('Installation:', 'limit of waiting until the agents are gone', '1m'),
    ...agentAccessOptions,
  },
  run: ({ agentNamespace, timeoutMs, ...access }, context) =>
    runUntilInterrupted(async (signal) => {
      const api = await openApi(access, context);
      const limit = AbortSignal.timeout(timeoutMs);
      const progress = new ProgressLine(context.stderr);
      progress.show('waiting until the agents are gone');
      try {
        const removed = await removeResidentAgents(api, agentNamespace, AbortSignal.any([signal, limit]));
        progress.clear();
        if (removed) context.stdout.write('The installed agents are removed.\n');
        else context.reporter.tell(`Nothing is installed in the namespace "${agentNamespace}".`);
        return 0;
      } catch (error) {
        if (signal.aborted || !limit.aborted) throw error;
        throw new Failure(
          'timeout',
          `the agents were not gone within ${timeoutMs / 1000} s; they are being deleted`,
          '`kubectl crashcart status` shows the agents that are left. A node that is not ready keeps its pod.',
        );
      } finally {
        progress.clear();
      }
    }),
});
