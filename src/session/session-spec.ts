import * as z from 'zod';

/** A terminal's size in character cells. */
export const terminalSizeSchema = z.object({
  columns: z.number().int().min(1).max(65_535),
  rows: z.number().int().min(1).max(65_535),
});
export type TerminalSize = z.infer<typeof terminalSizeSchema>;

/** What a session enters: a running container, or PID 1 of the agent's own node. */
export const sessionTargetSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('container'),
    namespace: z.string(),
    pod: z.string(),
    podUID: z.string(),
    container: z.string(),
    /** As the API server reports it, with its scheme: `containerd://<64 hex>`. */
    containerID: z.string().regex(/^[a-z-]+:\/\/[0-9a-zA-Z_.-]+$/),
  }),
  z.object({ kind: z.literal('node'), node: z.string() }),
]);
export type SessionTarget = z.infer<typeof sessionTargetSchema>;

/** Body of `PUT /v1/sessions/{id}`. */
export const sessionSpecSchema = z.object({
  target: sessionTargetSchema,
  /** argv of the command in the toolbox; null: a login shell. */
  command: z.array(z.string()).min(1).nullable(),
  /** The terminal to make; null: three separate streams without a terminal. */
  terminal: terminalSizeSchema.extend({ term: z.string().max(64) }).nullable(),
  /** Whether the client will send stdin; without, the command reads an empty stdin. */
  stdin: z.boolean(),
});
export type SessionSpec = z.infer<typeof sessionSpecSchema>;
