import * as z from 'zod';
import { criticalPriority } from '../../../cluster/agent-pods/critical-priority.ts';
import { agentContainer, type AgentOptions } from '../../../cluster/agent-pods/agent-spec.ts';
import type { AgentPatch } from '../../../cluster/agent-pods/patch/agent-patch.ts';
import { settingsSchema } from '../../../config/config-schema.ts';
import { nameInMirror } from '../../../config/mirrored-image.ts';
import { defaultSessionMemoryBytes } from '../../../session-api/command-setup.ts';
import { createGroup, getDefault, type OptionValues } from '../../command-line/option.ts';
import { agentImage, version } from '../../plugin-version.ts';
import { agentNamespaceOption } from '../access-options.ts';
import { agentStartLimit } from './agent-start-limit.ts';
import { agentPatchTextSchema, namedValueSchema, resourceSchema } from '../values/agent-pod-settings.ts';
import { timeLimitSchema, toSeconds, waitSchema } from '../values/duration.ts';

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
  labels: defineList({
    flag: 'agent-label',
    describe: "label of the agent's Job and pod: KEY=VALUE; may be given several times",
    schema: namedValueSchema,
  }),
  annotations: defineList({
    flag: 'agent-annotation',
    describe: "annotation of the agent's Job and pod: KEY=VALUE; may be given several times",
    schema: namedValueSchema,
  }),
  resources: defineList({
    flag: 'agent-resource',
    describe: 'what the agent asks for, or may take: requests.cpu=100m, limits.memory=1Gi',
    schema: resourceSchema,
  }),
  patch: defineOption({
    flag: 'agent-patch',
    describe: "strategic merge patch of the agent's pod (metadata and spec): a file, or YAML or JSON itself",
    schema: agentPatchTextSchema,
    values: 'file',
    setting: 'agentPatch',
  }),
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
  setting: 'agentPriority',
});

/** Defines `--timeout`: how long a command waits, and for what. */
export function defineTimeout(group: string, describe: string, defaultLimit: string) {
  const option = { flag: 'timeout', describe, default: defaultLimit, schema: timeLimitSchema };
  return createGroup(group).defineOption(option);
}

export const agentStartOption = defineTimeout(
  'Agent:',
  "limit of the agent's start, and of the wait for room on its node",
  agentStartLimit,
);

export const createNamespaceOption = defineSwitch({
  flag: 'create-namespace',
  describe: 'create the namespace of agents if it is missing',
});

/** Options of every command that starts an agent when none is there. */
export const newAgentOptions = {
  agent: agentOptions,
  idleSeconds: agentIdleOption,
  priorityClass: agentPriorityOption,
  timeoutMs: agentStartOption,
  createNamespace: createNamespaceOption,
};

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
    patches: describePatches(values),
  };
}

/** The patch is often configured, so the other options come before it. */
function describePatches({
  labels,
  annotations,
  resources,
  patch,
}: OptionValues<typeof agentOptions>): AgentPatch[] {
  const patches = patch === null ? [] : [patch];
  if (labels.length > 0 || annotations.length > 0) {
    const metadata = { labels: Object.fromEntries(labels), annotations: Object.fromEntries(annotations) };
    patches.push({ metadata });
  }
  if (resources.length > 0) {
    const list = (kind: 'requests' | 'limits') =>
      Object.fromEntries(
        resources.filter((each) => each.kind === kind).map(({ name, quantity }) => [name, quantity]),
      );
    const container = {
      name: agentContainer,
      resources: { requests: list('requests'), limits: list('limits') },
    };
    patches.push({ spec: { containers: [container] } });
  }
  return patches;
}

/** @returns the image that is asked for; else the release's own, from a mirror if there is one. */
export function chooseImage({
  image,
  mirror,
}: Pick<OptionValues<typeof agentOptions>, 'image' | 'mirror'>): string {
  return image ?? (mirror === null ? agentImage : nameInMirror(agentImage, mirror));
}
