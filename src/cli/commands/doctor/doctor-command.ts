import * as z from 'zod';
import { examine } from '../../../cluster/doctor/examination.ts';
import { parseTargetName } from '../../../cluster/target/target-name.ts';
import { ProgressLine } from '../../../terminal/progress.ts';
import {
  agentAccessFlags,
  agentAccessSchema,
  completeAgentAccess,
  openApi,
} from '../../options/access-options.ts';
import type { Command } from '../../command-line/command.ts';
import { UsageError } from '../../errors.ts';
import { formatValue, reportFormatFlag, reportFormatSchema } from '../../options/output-format.ts';
import { exitCodes } from '../../../failure/failure.ts';
import { runUntilInterrupted } from '../../lifetime.ts';
import {
  agentImageFlags,
  agentOptionsSchema,
  agentStartFlag,
  completeAgentOptions,
} from '../../options/agent-options.ts';
import { formatFindings } from './doctor-table.ts';
import { containerFlag, sessionOptionsSchema } from '../open/session-options.ts';

const schema = agentAccessSchema.omit({ agentNamespace: true }).extend({
  target: z.custom<ReturnType<typeof parseTargetName>>().nullable(),
  container: sessionOptionsSchema.shape.container,
  agent: agentOptionsSchema,
  startAgent: z.boolean(),
  timeoutMs: sessionOptionsSchema.shape.timeoutMs,
  format: reportFormatSchema,
});

/** Tells what of a session would work, and what would not. */
export const doctorCommand: Command<z.infer<typeof schema>> = {
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
  flags: {
    ...containerFlag,
    'start-agent': {
      type: 'boolean',
      describe: "start an agent on TARGET's node, to try that and to ask it",
      group: 'Agent:',
    },
    // What of a session's flags decides whether it will work.
    ...agentImageFlags,
    ...agentStartFlag,
    ...reportFormatFlag,
    ...agentAccessFlags,
  },
  argument: 'target',
  complete: (raw) => {
    const [target, ...more] = raw.positional;
    if (more.length > 0 || raw.rest !== null) throw new UsageError('"doctor" takes one TARGET at most');
    const startAgent = raw.flags['start-agent'] === true;
    if (startAgent && target === undefined)
      throw new UsageError('--start-agent needs a TARGET, on whose node the agent is started');
    const { connection, verbosity } = completeAgentAccess(raw);
    return {
      ...{ connection, verbosity },
      target: target === undefined ? null : parseTargetName(target),
      container: raw.flags['container'] ?? null,
      agent: completeAgentOptions(raw.flags),
      startAgent,
      timeoutMs: raw.flags['timeout'] ?? '60s',
      format: raw.flags['output'] ?? 'table',
    };
  },
  schema,
  run: ({ target, container, agent, startAgent, timeoutMs, format, ...access }, context) =>
    runUntilInterrupted(async (signal) => {
      const api = await openApi(access, context);
      const progress = new ProgressLine(context.stderr, true);
      const start = startAgent ? { timeoutMs, onProgress: (step: string) => progress.show(step) } : null;
      const request = { target, container, options: agent, start, signal };
      const findings = await examine(api, request).finally(() => progress.clear());
      context.stdout.write(
        format === 'table'
          ? formatFindings(findings, context.stdout.columns || null)
          : formatValue({ items: findings }, format),
      );
      return findings.some(({ state }) => state === 'failed') ? exitCodes.checkFailed : 0;
    }),
};
