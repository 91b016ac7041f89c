import * as z from 'zod';
import { criticalPriority } from '../../cluster/agent-pods/critical-priority.ts';
import type { AgentOptions } from '../../cluster/agent-pods/agent-spec.ts';
import { settingsSchema } from '../../config/config-schema.ts';
import { nameInMirror } from '../../config/mirrored-image.ts';
import { defaultSessionMemoryBytes } from '../../session-api/command-setup.ts';
import { createGroup, getDefault, type OptionValues } from '../command-line/option.ts';
import { agentImage, version } from '../plugin-version.ts';
import { agentNamespaceOption } from './access-options.ts';
import { agentStartLimit } from './agent-start-limit.ts';
import { timeLimitSchema, toSeconds, waitSchema } from './values/duration.ts';

const { defineOption, defineSwitch, defineList } = createGroup('Agent:');
const { mirror, imagePullPolicy } = settingsSchema.shape;
const pullPolicySchema = imagePullPolicy.unwrap();
/** An empty mirror or toolbox means none, whatever is configured. */
const toNull = (text: string) => text || null;

/** Options that decide whether a session can use an agent: every command that looks for agents takes them. */
export const agentOptions = {
  image: defineOption({ flag: 'image', describe: 'image of the agent', setting: 'image' }),
  mirror: defineOption({
    flag: 'mirror',
    describe: "registry, or path in one, that has the release's image; REGISTRY[/PATH]",
    schema: mirror.unwrap().transform(toNull),
    setting: 'mirror',
  }),
  imagePullPolicy: defineOption({
    flag: 'image-pull-policy',
    describe: 'Always, IfNotPresent or Never',
    default: 'IfNotPresent',
    schema: pullPolicySchema,
    values: pullPolicySchema.options,
    setting: 'imagePullPolicy',
  }),
  imagePullSecrets: defineList({
    flag: 'image-pull-secret',
    describe: 'Secret with credentials for the image',
    setting: 'imagePullSecrets',
  }),
  toolboxImage: defineOption({
    flag: 'toolbox',
    describe: "image whose files are the root of sessions; --toolbox= for the agent's own",
    schema: z.string().transform(toNull),
    setting: 'toolbox',
  }),
  namespace: agentNamespaceOption,
};

export const agentIdleOption = defineOption({
  flag: 'agent-idle',
  describe: 'how long an agent without a session stays',
  default: '5m',
  schema: waitSchema.transform(toSeconds),
});

export const agentPriorityOption = defineOption({
  flag: 'priority',
  describe: `PriorityClass of the agent; ${criticalPriority} for a node that is full or under pressure`,
  unset: "the cluster's default",
  values: [criticalPriority, 'system-cluster-critical'],
});

/** Defines `--timeout`: how long a command waits, and for what. */
export function defineTimeout(group: string, describe: string, defaultLimit: string) {
  const option = { flag: 'timeout', describe, default: defaultLimit, schema: timeLimitSchema };
  return createGroup(group).defineOption(option);
}

export const agentStartOption = defineTimeout('Agent:', "limit of the agent's start", agentStartLimit);

export const createNamespaceOption = defineSwitch({
  flag: 'create-namespace',
  describe: 'create the namespace of agents if it is missing',
});

/** @returns the agent that the options ask for. */
export function describeAgentOptions(
  values: OptionValues<typeof agentOptions>,
  {
    idleSeconds = getDefault(agentIdleOption),
    priorityClass = null,
  }: Partial<Pick<AgentOptions, 'idleSeconds' | 'priorityClass'>> = {},
): AgentOptions {
  return {
    image: chooseImage(values),
    imagePullPolicy: values.imagePullPolicy,
    imagePullSecrets: values.imagePullSecrets,
    namespace: values.namespace,
    idleSeconds,
    sessionMemoryBytes: defaultSessionMemoryBytes,
    version,
    toolboxImage: values.toolboxImage,
    priorityClass,
  };
}

/** @returns the image that is asked for; else the release's own, from a mirror if there is one. */
export function chooseImage({
  image,
  mirror,
}: Pick<OptionValues<typeof agentOptions>, 'image' | 'mirror'>): string {
  return image ?? (mirror === null ? agentImage : nameInMirror(agentImage, mirror));
}
