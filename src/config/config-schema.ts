import * as z from 'zod';

const settingsShape = {
  image: z.string().min(1).describe('Image of the agent, such as one of a mirror (--image)'),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .describe('When the image is pulled (--image-pull-policy)'),
  imagePullSecrets: z
    .array(z.string().min(1))
    .describe('Secrets with credentials for the image, in the namespace of agents (--image-pull-secret)'),
  agentNamespace: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'that is no name of a namespace')
    .describe('Namespace of agents (--agent-namespace)'),
};

/** What can be set, for all clusters or for one. Unknown keys are refused: they are mistyped. */
export const settingsSchema = z.strictObject(settingsShape).partial();
export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** The user's configuration file. */
export const configSchema = settingsSchema.extend({
  contexts: z
    .record(z.string(), settingsSchema)
    .describe('Settings for single contexts of the kubeconfig, which go before those for all')
    .optional(),
});
export type Config = z.infer<typeof configSchema>;
