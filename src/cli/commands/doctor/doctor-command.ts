import { examine } from '../../../cluster/doctor/examination.ts';
import { ProgressLine } from '../../../terminal/progress.ts';
import { clusterOptions, openApi } from '../../options/access-options.ts';
import { defineCommand } from '../../command-line/command.ts';
import { createGroup } from '../../command-line/option.ts';
import { UsageError } from '../../errors.ts';
import { formatValue, reportFormatOption } from '../../options/output-format.ts';
import { exitCodes } from '../../../failure/failure.ts';
import { runUntilInterrupted } from '../../process/lifetime.ts';
import {
  agentOptions,
  agentPriorityOption,
  agentStartOption,
  describeAgentOptions,
} from '../../options/agent/agent-options.ts';
import { formatFindings } from './doctor-table.ts';
import { containerOption, targetArgument } from '../open/session-options.ts';

const { defineSwitch } = createGroup('Agent:');

/** Checks whether a session would work. */
export const doctorCommand = defineCommand({
  name: 'doctor',
  usage: ['kubectl crashcart doctor [TARGET] [-c CONTAINER] [--start-agent]', '    [-o json|yaml]'].join(
    '\n',
  ),
  summary: [
    'Check whether a session will work: the API server, permissions, the namespace of',
    "agents, admission, and TARGET's node (all nodes without TARGET). Each problem",
    'comes with its cause and its fix. Nothing is changed or started: agents that run',
    'already tell about their nodes. With --start-agent, doctor starts an agent on',
    'the node of TARGET, as a session does; that agent ends by itself.',
    'Exit code: 0 if no check failed, else 1; warnings and unknown results are not',
    'failures.',
  ].join('\n'),
  examples: [
    { purpose: 'The cluster and all nodes', line: 'kubectl crashcart doctor' },
    {
      purpose: 'One target and its node, with an agent started there',
      line: 'kubectl crashcart doctor web-0 -n shop --start-agent',
    },
    {
      purpose: 'The failed checks, for scripts',
      line: `kubectl crashcart doctor -o json | jq '.items[] | select(.status == "failed")'`,
    },
  ],
  options: {
    container: containerOption,
    startAgent: defineSwitch({
      flag: 'start-agent',
      describe: "start an agent on TARGET's node, to test that and to ask the agent",
    }),
    // The options of a session that decide whether it will work.
    agent: agentOptions,
    priorityClass: agentPriorityOption,
    timeoutMs: agentStartOption,
    format: reportFormatOption,
    ...clusterOptions,
  },
  arguments: { target: targetArgument },
  validate: ({ startAgent, target }) => {
    if (startAgent && target === null)
      throw new UsageError('--start-agent needs a TARGET, on whose node the agent is started');
  },
  run: ({ target, container, agent, priorityClass, startAgent, timeoutMs, format, ...access }, context) =>
    runUntilInterrupted(async (signal) => {
      const api = await openApi(access, context);
      const progress = new ProgressLine(context.stderr);
      const start = startAgent ? { timeoutMs, onProgress: (step: string) => progress.show(step) } : null;
      const request = {
        target,
        container,
        options: describeAgentOptions(agent, { priorityClass }),
        start,
        signal,
      };
      const findings = await examine(api, request).finally(() => progress.clear());
      context.stdout.write(
        format === 'table'
          ? formatFindings(findings, context.stdout.columns || null)
          : formatValue({ items: findings }, format),
      );
      return findings.some(({ status }) => status === 'failed') ? exitCodes.checkFailed : 0;
    }),
});
