import { examine } from '../../../cluster/doctor/examination.ts';
import { ProgressLine } from '../../../terminal/progress.ts';
import { clusterOptions, openApi } from '../../options/access-options.ts';
import { defineCommand } from '../../command-line/command.ts';
import { defineSwitch } from '../../command-line/option.ts';
import { UsageError } from '../../errors.ts';
import { formatValue, reportFormatOption } from '../../options/output-format.ts';
import { exitCodes } from '../../../failure/failure.ts';
import { runUntilInterrupted } from '../../lifetime.ts';
import { agentOptions, agentStartOption, describeAgentOptions } from '../../options/agent-options.ts';
import { formatFindings } from './doctor-table.ts';
import { containerOption, targetArgument } from '../open/session-options.ts';

/** Tells what of a session would work, and what would not. */
export const doctorCommand = defineCommand({
  name: 'doctor',
  usage: ['kubectl crashcart doctor [TARGET] [-c CONTAINER] [--start-agent]', '    [-o json|yaml]'].join(
    '\n',
  ),
  summary: [
    'Tell what of a session will work and what will not, each with its cause and what',
    'mends it: the API server, permissions, the namespace of agents, admission, and',
    'of TARGET its node (without, all nodes). Nothing is changed or started: what',
    'only an agent can see of its node is asked of those that run. With',
    "--start-agent one is started on TARGET's node, as for a session, and ends by",
    'itself.',
    'Exit code: 0 when nothing has failed, else 1; warnings and what is unknown fail',
    'nothing.',
  ].join('\n'),
  examples: [
    { purpose: 'The cluster and all nodes', line: 'kubectl crashcart doctor' },
    {
      purpose: 'One target, its node, and an agent that is started there',
      line: 'kubectl crashcart doctor web-0 -n shop --start-agent',
    },
    {
      purpose: 'What has failed, for other programs',
      line: `kubectl crashcart doctor -o json | jq '.items[] | select(.state == "failed")'`,
    },
  ],
  options: {
    container: containerOption,
    startAgent: defineSwitch({
      flag: 'start-agent',
      describe: "start an agent on TARGET's node, to test that and to ask the agent",
      group: 'Agent:',
    }),
    // The options of a session that decide whether it will work.
    agent: agentOptions,
    timeoutMs: agentStartOption,
    format: reportFormatOption,
    ...clusterOptions,
  },
  arguments: { target: targetArgument },
  validate: ({ startAgent, target }) => {
    if (startAgent && target === null)
      throw new UsageError('--start-agent needs a TARGET, on whose node the agent is started');
  },
  run: ({ target, container, agent, startAgent, timeoutMs, format, ...access }, context) =>
    runUntilInterrupted(async (signal) => {
      const api = await openApi(access, context);
      const progress = new ProgressLine(context.stderr);
      const start = startAgent ? { timeoutMs, onProgress: (step: string) => progress.show(step) } : null;
      const request = { target, container, options: describeAgentOptions(agent), start, signal };
      const findings = await examine(api, request).finally(() => progress.clear());
      context.stdout.write(
        format === 'table'
          ? formatFindings(findings, context.stdout.columns || null)
          : formatValue({ items: findings }, format),
      );
      return findings.some(({ state }) => state === 'failed') ? exitCodes.checkFailed : 0;
    }),
});
