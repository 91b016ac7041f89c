import * as z from 'zod';
import { agentNamespaceSchema, mirrorSchema } from '../../config/config-schema.ts';
import { nameInMirror } from '../../config/mirrored-image.ts';
import type { Flags, RawArguments } from '../command-line/command.ts';
import { durationSchema, waitSchema } from './duration.ts';
import { agentImage, version } from '../plugin-version.ts';

const group = 'Agent:';
export const sessionMemoryBytes = 512 * 1024 * 1024;
const pullPolicySchema = z.enum(['Always', 'IfNotPresent', 'Never']);

/** What of an agent decides whether it can be used for a session: whoever looks at agents takes the same. */
export const agentImageFlags: Flags = {
  image: { type: 'string', describe: 'image of the agent', group },
  mirror: {
    type: 'string',
    describe: "registry, or path in one, that has the release's image; REGISTRY[/PATH]",
    group,
  },
  'image-pull-policy': {
    type: 'string',
    describe: 'Always, IfNotPresent or Never',
    group,
    values: pullPolicySchema.options,
  },
  'image-pull-secret': { type: 'list', describe: 'Secret with credentials for the image', group },
  toolbox: {
    type: 'string',
    describe: "image whose files are the root of sessions; --toolbox= for the agent's own",
    group,
  },
};

export const agentStartFlag: Flags = {
  timeout: { type: 'string', describe: "limit of the agent's start [60s]", group },
};
export const createNamespaceFlag: Flags = {
  'create-namespace': { type: 'boolean', describe: 'make the namespace of agents if needed', group },
};

const toSeconds = (ms: number) => Math.max(1, Math.round(ms / 1000));
export const secondsSchema = durationSchema.transform(toSeconds);

export const agentOptionsSchema = z
  .object({
    image: z.string().min(1).nullable(),
    mirror: mirrorSchema.nullable(),
    imagePullPolicy: pullPolicySchema,
    imagePullSecrets: z.array(z.string().min(1)),
    namespace: agentNamespaceSchema,
    idleSeconds: waitSchema.transform(toSeconds),
    sessionMemoryBytes: z.number(),
    version: z.string(),
    toolboxImage: z.string().min(1).nullable(),
  })
  .transform(({ image, mirror, ...options }) => ({
    ...options,
    image: image ?? (mirror === null ? agentImage : nameInMirror(agentImage, mirror)),
  }));

/** Fills in what was not given of the agent. An empty mirror or toolbox is none, whatever is configured. */
export function completeAgentOptions(flags: RawArguments['flags']): unknown {
  return {
    image: flags['image'] ?? null,
    mirror: flags['mirror'] || null,
    imagePullPolicy: flags['image-pull-policy'] ?? 'IfNotPresent',
    imagePullSecrets: flags['image-pull-secret'] ?? [],
    namespace: flags['agent-namespace'] ?? 'crashcart',
    idleSeconds: flags['agent-idle'] ?? '5m',
    sessionMemoryBytes,
    version,
    toolboxImage: flags['toolbox'] || null,
  };
}
