import * as z from 'zod';
import type { Toleration } from '../../../cluster/agent-pods/resident/resident-spec.ts';
import { agentAccessFlags, agentAccessSchema, completeAgentAccess } from '../../options/access-options.ts';
import type { Flags, RawArguments } from '../../command-line/command.ts';
import { timeLimitSchema } from '../../options/duration.ts';
import { UsageError } from '../../errors.ts';
import {
  agentImageFlags,
  agentOptionsSchema,
  completeAgentOptions,
  createNamespaceFlag,
} from '../../options/agent-options.ts';
import { completeDryRun, dryRunFlags, dryRunSchema } from '../../options/dry-run-options.ts';

const group = 'Installation:';
const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

export const installFlags: Flags = {
  'node-selector': {
    type: 'string',
    describe: 'labels of the nodes: KEY=VALUE[,KEY=VALUE...] [all nodes]',
    group,
  },
  toleration: {
    type: 'list',
    describe: 'taint that is tolerated: KEY[=VALUE][:EFFECT]; may be given several times [all taints]',
    group,
  },
  'priority-class': { type: 'string', describe: 'PriorityClass of the agents', group },
  timeout: { type: 'string', describe: 'limit of waiting until all of them run [5m]', group },
  // The same as a session's: an agent that is not made the same is not used by it.
  ...agentImageFlags,
  ...createNamespaceFlag,
  ...dryRunFlags,
  ...agentAccessFlags,
};

const labelPattern = /^((?:[\w.-]+\/)?[\w.-]{1,63})=([\w.-]{0,63})$/;
const nodeSelectorSchema = z.string().transform((text, context) => {
  const pairs = text.split(',').map((pair) => labelPattern.exec(pair));
  if (pairs.every((pair) => pair !== null))
    return Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value]));
  context.addIssue({
    code: 'custom',
    message: `"${text}" selects no nodes: write it as KEY=VALUE,KEY=VALUE`,
  });
  return z.NEVER;
});

const tolerationSchema = z.string().transform((text, context): Toleration => {
  const [found, key = '', value, effect] = /^([^=:\s]+)(?:=([^:\s]*))?(?::(\w+))?$/.exec(text) ?? [];
  const known = effects.find((name) => name === effect);
  if (found === undefined || (effect !== undefined && known === undefined)) {
    const message = `"${text}" is no taint: write it as KEY[=VALUE][:${effects.join('|')}]`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
  return {
    key,
    ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }),
    ...(known === undefined ? {} : { effect: known }),
  };
});

export const installSchema = agentAccessSchema.omit({ agentNamespace: true }).extend({
  agent: agentOptionsSchema,
  nodeSelector: nodeSelectorSchema.nullable().transform((selector) => selector ?? {}),
  tolerations: z.array(tolerationSchema).nullable(),
  priorityClass: z.string().min(1).nullable(),
  timeoutMs: timeLimitSchema,
  createNamespace: z.boolean(),
  dryRun: dryRunSchema.nullable(),
});
export type InstallOptions = z.infer<typeof installSchema>;

/** Fills in what was not given. @throws UsageError. */
export function completeInstallOptions(raw: RawArguments): unknown {
  const { flags, positional, rest } = raw;
  if (positional.length > 0 || rest !== null) throw new UsageError('"install" takes no arguments');
  const { connection, verbosity } = completeAgentAccess(raw);
  return {
    ...{ connection, verbosity },
    agent: completeAgentOptions(flags),
    nodeSelector: flags['node-selector'] ?? null,
    tolerations: flags['toleration'] ?? null,
    priorityClass: flags['priority-class'] ?? null,
    timeoutMs: flags['timeout'] ?? '5m',
    createNamespace: flags['create-namespace'] === true,
    dryRun: completeDryRun(flags),
  };
}
