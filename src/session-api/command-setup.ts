import * as z from 'zod';

const maxContextLength = 256;
/** Arguments and variables must fit into a quarter of the stack limit, and one string into 128 KiB: execve(2). */
const maxVariableLength = 32 * 1024;
const maxVariables = 256;
const maxVariablesBytes = 1024 * 1024;

/** With less memory, even a shell of the toolbox may not start. */
export const minSessionMemoryBytes = 32 * 1024 * 1024;
/** What an agent gives a session that asks for no limit of its own. */
export const defaultSessionMemoryBytes = 512 * 1024 * 1024;
/** More than any node has: a number with which nobody can have meant it. */
export const maxSessionMemoryBytes = 1024 ** 4;
/** A session's own files, such as its passwd, take less. */
export const minScratchBytes = 16 * 1024 * 1024;
/** What the files of a session may take that asks for nothing else. */
export const defaultScratchBytes = 256 * 1024 * 1024;

/** Names that every shell takes. */
export const variableNamePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const noNUL = 'NUL bytes end it';
const idSchema = z.number().int().min(0).max(0xff_ff_ff_fe);

/** Who a command runs as: those of the target's process, or others; without supplementary groups then. */
export const runAsSchema = z.union([z.literal('target'), z.object({ uid: idSchema, gid: idSchema })]);
export type RunAs = z.infer<typeof runAsSchema>;

export const workdirSchema = z
  .string()
  .max(4095)
  .regex(/^\/[^\0]*$/, "must begin with / (the target's files are at /target)");

/** Variables by name. */
export const variablesSchema = z
  .record(
    z.string().regex(variableNamePattern, 'not a name of a variable').max(255),
    z
      .string()
      .max(maxVariableLength)
      .regex(/^[^\0]*$/, noNUL),
  )
  .refine((variables) => Object.keys(variables).length <= maxVariables, `more than ${maxVariables}`)
  .refine(
    (variables) => Buffer.byteLength(Object.values(variables).join('')) <= maxVariablesBytes,
    'together they can have at most 1 MiB',
  );

/** How a session's command is set up. An older client does not send this. */
export const commandSetupSchema = z.object({
  /** The client's kubeconfig context, for the prompt: text without control characters. */
  context: z
    .string()
    .min(1)
    .max(maxContextLength)
    .regex(/^[^\x00-\x1f\x7f-\x9f]*$/, 'control characters')
    .nullable()
    .default(null),
  /** Whether the shell starts without its greeting. */
  quiet: z.boolean().default(false),
  /** Variables that are added to the environment, or replace those in it. */
  variables: variablesSchema.default({}),
  /** Whether the target's environment is taken first, except variables that programs obey. */
  importEnvironment: z.boolean().default(false),
  /** In the session's root; null: the home directory. */
  workdir: workdirSchema.nullable().default(null),
  /** null: root, with all capabilities. */
  runAs: runAsSchema.nullable().default(null),
  /** Limit of the whole session, its files included; null: as much as the agent gives. */
  memoryBytes: z
    .number()
    .int()
    .min(minSessionMemoryBytes)
    .max(maxSessionMemoryBytes)
    .nullable()
    .default(null),
  /**
   * What the files in the session's root may take, of its memory; null: the default. An older client does not send this,
   * and an older agent gives the default.
   */
  scratchBytes: z.number().int().min(minScratchBytes).max(maxSessionMemoryBytes).nullable().default(null),
});
export type CommandSetup = z.infer<typeof commandSetupSchema>;

/** @returns a context's name as {@link commandSetupSchema} takes it; null when nothing is left of it. */
export function nameContext(name: string | null): string | null {
  return (name ?? '').replaceAll(/\p{Cc}/gu, '').slice(0, maxContextLength) || null;
}
