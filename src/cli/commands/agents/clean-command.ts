import { getErrorMessage } from '../../../failure/error-message.ts';
import { Failure } from '../../../failure/failure.ts';
import { checkAgentsInUse, type Removal, removeAgent } from '../../../cluster/clean-up.ts';
import { formatTable } from '../../../terminal/table.ts';
import { agentAccessOptions, openApi } from '../../options/access-options.ts';
import { defineDryRun } from '../../options/dry-run-options.ts';
import { defineCommand } from '../../command-line/command.ts';
import { createGroup } from '../../command-line/option.ts';
import { runUntilInterrupted } from '../../process/lifetime.ts';
import { version } from '../../plugin-version.ts';

const group = 'Clean-up:';
const { defineSwitch } = createGroup(group);

/** Removes agents. */
export const cleanCommand = defineCommand({
  name: 'clean',
  usage: 'kubectl crashcart clean [--all] [--force] [--dry-run client|server]',
  summary: [
    'Remove agents that have ended, did not start, or have another version. Agents',
    'end by themselves when they are idle; `clean` removes those that could not. It',
    'keeps agents that are starting, that have running sessions, or that hold the',
    'result of a detached session. `uninstall` removes the agents that `install`',
    'keeps.',
  ].join('\n'),
  examples: [
    { purpose: 'What would be removed, and why', line: 'kubectl crashcart clean --dry-run=client' },
    { purpose: 'Remove agents that are not needed', line: 'kubectl crashcart clean' },
    { purpose: 'Remove all agents and end their sessions', line: 'kubectl crashcart clean --all --force' },
  ],
  options: {
    all: defineSwitch({ flag: 'all', describe: 'also agents that could still be used' }),
    force: defineSwitch({
      flag: 'force',
      describe: 'also agents in use: their sessions end, and unread results are lost',
    }),
    dryRun: defineDryRun(
      group,
      'client: only show what would be removed; server: also ask the cluster whether you may',
    ),
    ...agentAccessOptions,
  },
  run: ({ all, force, dryRun, ...options }, context) =>
    runUntilInterrupted(async (signal) => {
      const api = await openApi(options, context);
      const agents = await checkAgentsInUse(api, options.agentNamespace, version, signal);
      const removal = { isForced: force, isDryRun: dryRun !== null };
      const rows: string[][] = [];
      const failures: string[] = [];
      for (const agent of agents) {
        const reason = agent.why ?? (all ? '--all' : null);
        if (reason === null) continue;
        const isTried = dryRun !== 'client' && (agent.inUse === null || force);
        if (agent.isSilent && !force) failures.push(`${agent.job} on ${agent.node}: ${agent.inUse}`);
        try {
          const inUse = isTried
            ? await removeAgent(api, options.agentNamespace, agent, removal, signal)
            : agent.inUse;
          rows.push([agent.job, agent.node, reason, describeAction(inUse ?? agent.inUse, removal)]);
        } catch (error) {
          if (signal.aborted) throw error;
          rows.push([agent.job, agent.node, reason, 'not removed']);
          failures.push(`${agent.job} on ${agent.node}: ${getErrorMessage(error)}`);
        }
      }
      if (rows.length > 0) context.stdout.write(formatTable(['AGENT', 'NODE', 'WHY', 'ACTION'], rows));
      else context.reporter.tell('Nothing to remove.');
      if (failures.length === 0) return 0;
      const count = failures.length === 1 ? 'an agent was' : `${failures.length} agents were`;
      throw new Failure(
        'incomplete',
        `${count} not removed: ${failures.join('; ')}`,
        '--force removes agents without asking them.',
      );
    }),
});

function describeAction(inUse: string | null, { isForced, isDryRun }: Removal): string {
  if (inUse !== null && !isForced) return `kept: ${inUse} (--force removes it)`;
  if (!isDryRun) return 'removed';
  return inUse === null ? 'would be removed' : `would be removed: ${inUse}`;
}
