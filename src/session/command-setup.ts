import * as z from 'zod';

const maxContextLength = 256;

/** How a session's command is set up beside what it is; an older client says nothing of it. */
export const commandSetupSchema = z.object({
  /** The client's kubeconfig context, for the prompt: any text that a terminal takes for text. */
  context: z
    .string()
    .min(1)
    .max(maxContextLength)
    // eslint-disable-next-line no-control-regex -- those are what is refused.
    .regex(/^[^\x00-\x1f\x7f-\x9f]*$/, 'control characters')
    .nullable()
    .default(null),
  /** Whether the shell's greeting is left out. */
  quiet: z.boolean().default(false),
});
export type CommandSetup = z.infer<typeof commandSetupSchema>;

/** @returns a context's name as {@link commandSetupSchema} takes it; null when nothing is left of it. */
export function nameContext(name: string | null): string | null {
  return (name ?? '').replaceAll(/\p{Cc}/gu, '').slice(0, maxContextLength) || null;
}
