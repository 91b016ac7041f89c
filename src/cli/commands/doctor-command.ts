import * as z from 'zod';
import { examine } from '../../cluster/doctor/examination.ts';
import type { Finding } from '../../cluster/doctor/finding.ts';
import { parseTargetName } from '../../cluster/target-name.ts';
import { formatTable } from '../../terminal/table.ts';
import { agentAccessFlags, agentAccessSchema, completeAgentAccess, openApi } from '../agent-access.ts';
import type { Command, Flags } from '../command.ts';
import { UsageError } from '../errors.ts';
import { formatValue, reportFormatFlag, reportFormatSchema } from '../output-format.ts';
import { exitCodes } from '../report.ts';
import { runUntilInterrupted } from '../run-until-interrupted.ts';
import { completeAgentOptions, sessionFlags, sessionOptionsSchema } from './session-options.ts';

const schema = agentAccessSchema.omit({ agentNamespace: true }).extend({
  target: z.custom<ReturnType<typeof parseTargetName>>().nullable(),
  container: sessionOptionsSchema.shape.container,
  agent: sessionOptionsSchema.shape.agent,
  format: reportFormatSchema,
});

/** What of a session's flags decides whether it will work. */
const borrowedFlags: Flags = Object.fromEntries(
  ['container', 'image', 'image-pull-policy', 'image-pull-secret'].map((name) => [
    name,
    sessionFlags[name] as Flags[string],
  ]),
);

/** Tells what of a session would work, and what would not. */
export const doctorCommand: Command<z.infer<typeof schema>> = {
  usage: 'kubectl crashcart doctor [TARGET] [-c CONTAINER] [-o json|yaml]',
  summary: [
    'Tell what of a session will work and what will not, each with its cause and what mends it: the API server,',
    'permissions, the namespace of agents, admission, and of TARGET its node (without, all nodes). Nothing is',
    'changed or started.',
    'Exit code: 0 when nothing has failed, else 1; warnings and what is unknown fail nothing.',
  ].join('\n'),
  flags: { ...borrowedFlags, ...reportFormatFlag, ...agentAccessFlags },
  argument: 'target',
  complete: (raw, { env }) => {
    const [target, ...more] = raw.positional;
    if (more.length > 0 || raw.rest !== null) throw new UsageError('"doctor" takes one TARGET at most');
    const { connection, verbosity } = completeAgentAccess(raw);
    return {
      ...{ connection, verbosity },
      target: target === undefined ? null : parseTargetName(target),
      container: raw.flags['container'] ?? null,
      agent: completeAgentOptions(raw.flags, env),
      format: raw.flags['output'] ?? 'table',
    };
  },
  schema,
  run: ({ target, container, agent, format, ...access }, context) =>
    runUntilInterrupted(async (signal) => {
      const api = await openApi(access, context);
      const findings = await examine(api, { target, container, options: agent, signal });
      context.stdout.write(
        format === 'table' ? formatFindings(findings) : formatValue({ items: findings }, format),
      );
      return findings.some(({ state }) => state === 'failed') ? exitCodes.checkFailed : 0;
    }),
};

function formatFindings(findings: Finding[]): string {
  return formatTable(
    ['CHECK', 'STATE', 'FOUND', 'MEND'],
    findings.map(({ check, state, found, mend }) => [check, state, found, mend ?? '']),
  );
}
