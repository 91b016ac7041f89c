import * as z from 'zod';
import type { Toleration } from '../../../cluster/agent-pods/resident/resident-spec.ts';
import { createGroup, type OptionValues } from '../../command-line/option.ts';
import { clusterOptions } from '../../options/access-options.ts';
import { agentOptions, createNamespaceOption, defineTimeout } from '../../options/agent/agent-options.ts';
import { dryRunOptions } from '../../options/dry-run-options.ts';

const { defineOption, defineList } = createGroup('Installation:');
const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

const labelPattern = /^((?:[\w.-]+\/)?[\w.-]{1,63})=([\w.-]{0,63})$/;
const nodeSelectorSchema = z.string().transform((text, context) => {
  const pairs = text.split(',').map((pair) => labelPattern.exec(pair));
  if (pairs.every((pair) => pair !== null))
    return Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value]));
  context.addIssue({
    code: 'custom',
    message: `"${text}" is not a list of labels: write it as KEY=VALUE,KEY=VALUE`,
  });
  return z.NEVER;
});

const tolerationSchema = z.string().transform((text, context): Toleration => {
  const [found, key = '', value, effect] = /^([^=:\s]+)(?:=([^:\s]*))?(?::(\w+))?$/.exec(text) ?? [];
  const known = effects.find((name) => name === effect);
  if (found === undefined || (effect !== undefined && known === undefined)) {
    const message = `"${text}" is not a taint: write it as KEY[=VALUE][:${effects.join('|')}]`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
  return {
    key,
    ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }),
    ...(known === undefined ? {} : { effect: known }),
  };
});

/** Options of the command that installs agents. */
export const installOptions = {
  nodeSelector: defineOption({
    flag: 'node-selector',
    describe: 'labels of the nodes: KEY=VALUE[,KEY=VALUE...]',
    unset: 'all nodes',
    schema: nodeSelectorSchema,
  }),
  tolerations: defineList({
    flag: 'toleration',
    describe: 'taint that is tolerated: KEY[=VALUE][:EFFECT]; may be given several times',
    unset: 'all taints',
    schema: tolerationSchema,
  }),
  priorityClass: defineOption({ flag: 'priority-class', describe: 'PriorityClass of the agents' }),
  timeoutMs: defineTimeout('Installation:', 'limit of waiting until all agents run', '5m'),
  // The same as a session's: a session uses only an agent that is made like its own would be.
  agent: agentOptions,
  createNamespace: createNamespaceOption,
  dryRun: dryRunOptions,
  ...clusterOptions,
};
/** What a command line asks of the installed agents. */
export type InstallOptions = OptionValues<typeof installOptions>;

/** @returns which nodes get an agent; tolerations are null for all taints. */
export function describePlacement({ nodeSelector, tolerations, priorityClass }: InstallOptions) {
  return {
    nodeSelector: nodeSelector ?? {},
    tolerations: tolerations.length > 0 ? tolerations : null,
    priorityClass,
  };
}
