import * as z from 'zod';
import { namesRegistry } from './mirrored-image.ts';

const agentNamespaceSchema = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'not a valid name of a namespace');

const schemePattern = /^[a-z][a-z0-9+.-]*:\/\//i;
// As in the name of an image: https://github.com/distribution/reference. The host may be an IPv6 address.
const registryPattern = /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

/** A registry, or a path in a registry; empty for none. */
export const mirrorSchema = z.string().superRefine((text, context) => {
  const scheme = schemePattern.exec(text)?.[0];
  if (scheme !== undefined)
    context.addIssue({ code: 'custom', message: `leave "${scheme}" off: write it as HOST[:PORT][/PATH]` });
  else if (text !== '' && !(registryPattern.test(text) && namesRegistry(text)))
    context.addIssue({ code: 'custom', message: 'not a registry: write it as HOST[:PORT][/PATH]' });
});

const settingsShape = {
  image: z.string().min(1).describe('Image of the agent (--image)'),
  mirror: mirrorSchema.describe(
    "Registry, or a path in it, that has the image of the release; empty for the image's own registry (--mirror)",
  ),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .describe('When the image is pulled (--image-pull-policy)'),
  imagePullSecrets: z
    .array(z.string().min(1))
    .describe('Secrets with credentials for the image, in the namespace of agents (--image-pull-secret)'),
  agentNamespace: agentNamespaceSchema.describe('Namespace of agents (--agent-namespace)'),
  toolbox: z
    .string()
    .describe("Image whose files are the root of sessions; empty for the agent's own toolbox (--toolbox)"),
  agentPriority: z.string().min(1).describe('PriorityClass of agents that sessions start (--priority)'),
  agentPatch: z
    .union([z.string().min(1), z.record(z.string(), z.unknown())])
    .transform((patch) => (typeof patch === 'string' ? patch : JSON.stringify(patch)))
    .describe("Strategic merge patch of the agent's pod, or a file that has one (--agent-patch)"),
};

/** What can be set, for all clusters or for one. Unknown keys are refused as typing mistakes. */
export const settingsSchema = z.strictObject(settingsShape).partial();
export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

const printable = /^[^\p{Cc}]+$/u;

const recipeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a name has lower-case letters, digits and hyphens')
    .describe('Name for --tool; it replaces a tool or recipe of the toolbox with that name'),
  summary: z
    .string()
    .max(200)
    .regex(printable, 'a summary is one line')
    .describe('What the recipe shows, in one line'),
  command: z
    .array(z.string())
    .min(1)
    .describe("Program and arguments, in the toolbox; the target's PID is in CRASHCART_TARGET_PID"),
  needs: z
    .array(z.string().max(200).regex(printable, 'a need is one line'))
    .default([])
    .describe('What the node or the target must allow'),
  output: z
    .enum(['text', 'terminal', 'stream', 'svg', 'core', 'hprof'])
    .default('text')
    .describe('Format of the output; svg, core and hprof are never written to a terminal'),
});

/** The user's configuration file. */
export const configSchema = settingsSchema.extend({
  contexts: z
    .record(z.string(), settingsSchema)
    .describe('Settings for single contexts of the kubeconfig; they override those for all')
    .optional(),
  recipes: z
    .array(recipeSchema)
    .superRefine((recipes, context) => {
      for (const [index, { name }] of recipes.entries()) {
        if (recipes.findIndex((other) => other.name === name) === index) continue;
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `"${name}" is defined twice` });
      }
    })
    .describe('Your own recipes')
    .optional(),
});
export type Config = z.infer<typeof configSchema>;
