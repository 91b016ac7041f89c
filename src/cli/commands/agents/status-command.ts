import {
  findResidentRefusal,
  isComplete,
  readResidentAgents,
  type ResidentAgent,
} from '../../../cluster/agent-pods/resident/resident-agents.ts';
import { formatAge } from '../../../terminal/age.ts';
import { formatTable } from '../../../terminal/table.ts';
import { agentAccessOptions, openApi } from '../../options/access-options.ts';
import { defineCommand } from '../../command-line/command.ts';
import { formatValue, outputFormatOption } from '../../options/output-format.ts';
import { exitCodes } from '../../../failure/failure.ts';
import { runUntilInterrupted } from '../../process/lifetime.ts';

/** Shows the agents that are kept on nodes. */
export const statusCommand = defineCommand({
  name: 'status',
  usage: 'kubectl crashcart status [-o json|yaml|wide|name]',
  summary: [
    'Show the agents that `install` keeps, node by node: their state and version.',
    'Exit code: 0 if all agents are ready, else 1.',
  ].join('\n'),
  examples: [
    { purpose: 'Node by node', line: 'kubectl crashcart status' },
    {
      purpose: 'With images and restarts',
      line: 'kubectl crashcart status -o wide',
    },
    {
      purpose: 'Their logs, with each session',
      line: 'kubectl crashcart status -o name | xargs -n 1 kubectl logs -n crashcart',
    },
  ],
  options: { format: outputFormatOption, ...agentAccessOptions },
  run: ({ agentNamespace, format, ...access }, context) =>
    runUntilInterrupted(async (signal) => {
      const { stdout, reporter } = context;
      const api = await openApi(access, context);
      const { daemonSet, agents } = await readResidentAgents(api, agentNamespace, signal);
      const desired = daemonSet?.status.desiredNumberScheduled ?? 0;
      const isData = format === 'json' || format === 'yaml';
      if (isData) {
        const ready = daemonSet?.status.numberReady ?? 0;
        stdout.write(formatValue({ installed: daemonSet !== null, desired, ready, items: agents }, format));
      } else if (format === 'name') {
        for (const { pod } of agents) stdout.write(`pod/${pod}\n`);
      } else if (agents.length > 0) stdout.write(formatAgents(agents, format === 'wide'));
      if (daemonSet === null) {
        if (!isData) reporter.tell(`Nothing is installed in the namespace "${agentNamespace}".`);
        return exitCodes.checkFailed;
      }
      if (agents.length < desired) {
        const why = await findResidentRefusal(api, agentNamespace, daemonSet, signal);
        const told = why === null ? '' : `: ${why}`;
        reporter.warning(`${desired - agents.length} of ${desired} nodes have no agent${told}`);
      }
      return isComplete(daemonSet) ? 0 : exitCodes.checkFailed;
    }),
});

function formatAgents(agents: ResidentAgent[], isWide: boolean): string {
  return formatTable(
    ['NODE', 'AGENT', 'STATE', 'VERSION', 'AGE', ...(isWide ? ['RESTARTS', 'IMAGE'] : [])],
    agents.map(({ node, pod, state, version, createdAt, restarts, image }) => [
      ...[node, pod, state, version],
      createdAt === null ? '?' : formatAge(new Date(createdAt)),
      ...(isWide ? [String(restarts), image] : []),
    ]),
  );
}
