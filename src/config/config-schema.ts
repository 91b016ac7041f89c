import * as z from 'zod';

export const agentNamespaceSchema = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'that is no name of a namespace');

const settingsShape = {
  image: z.string().min(1).describe('Image of the agent, such as one of a mirror (--image)'),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .describe('When the image is pulled (--image-pull-policy)'),
  imagePullSecrets: z
    .array(z.string().min(1))
    .describe('Secrets with credentials for the image, in the namespace of agents (--image-pull-secret)'),
  agentNamespace: agentNamespaceSchema.describe('Namespace of agents (--agent-namespace)'),
};

/** What can be set, for all clusters or for one. Unknown keys are refused: they are mistyped. */
export const settingsSchema = z.strictObject(settingsShape).partial();
export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

const printable = /^[^\p{Cc}]+$/u;

const recipeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a name has lower-case letters, digits and hyphens')
    .describe('What --tool takes; it goes before a tool or recipe of the toolbox of that name'),
  summary: z
    .string()
    .max(200)
    .regex(printable, 'a summary is one line')
    .describe('What it tells, in one line'),
  command: z
    .array(z.string())
    .min(1)
    .describe('Program and arguments, in the toolbox; the target’s PID is in CRASHCART_TARGET_PID'),
  needs: z
    .array(z.string().max(200).regex(printable, 'a need is one line'))
    .default([])
    .describe('What the node or the target has to allow'),
  output: z
    .enum(['text', 'terminal', 'stream', 'svg', 'core'])
    .default('text')
    .describe('What it writes; svg and core are kept from a terminal'),
});

/** The user's configuration file. */
export const configSchema = settingsSchema.extend({
  contexts: z
    .record(z.string(), settingsSchema)
    .describe('Settings for single contexts of the kubeconfig, which go before those for all')
    .optional(),
  recipes: z
    .array(recipeSchema)
    .superRefine((recipes, context) => {
      for (const [index, { name }] of recipes.entries()) {
        if (recipes.findIndex((other) => other.name === name) === index) continue;
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `"${name}" is there twice` });
      }
    })
    .describe('Recipes of your own')
    .optional(),
});
export type Config = z.infer<typeof configSchema>;
