import * as z from 'zod';
import { commandSetupSchema } from './command-setup.ts';

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

/** @returns the target in a few characters, for people. */
export function describeTarget(target: SessionTarget): string {
  return target.kind === 'node'
    ? `node/${target.node}`
    : `${target.namespace}/${target.pod}[${target.container}]`;
}

/** A client's own, for one run: the agent tells a connection that is made anew from another client's by it. */
export const clientIDSchema = z.uuid();

/** Seconds that a session is kept without a connection; at most a week. */
export const leaseSchema = z
  .number()
  .int()
  .min(1)
  .max(7 * 24 * 60 * 60);

export const minOutputBufferBytes = 256 * 1024;
export const maxOutputBufferBytes = 64 * 1024 * 1024;

/** What stands in the agent's log beside what the agent itself knows: as the client says it. */
export const auditSchema = z.object({
  /** Who the API server says that the client is (SelfSubjectReview); null when that can't be asked. */
  claimedUser: z.string().max(512).nullable(),
  /** Of the exec that carries the connection: the API server's audit log has it in the request's URI. */
  tunnelID: z.uuid(),
  /** Why, in the user's words. */
  reason: z.string().max(1024).nullable(),
});

/** MAX_ARG_STRLEN of execve(2), the NUL byte at its end not counted. */
const maxArgumentBytes = 128 * 1024 - 1;
/** Of the 2 MiB that execve(2) takes with the usual limit of a stack, what is left beside the environment. */
const maxArgumentsBytes = 1024 * 1024;

/** argv of a command in the toolbox. */
export const commandSchema = z
  .array(z.string())
  .min(1)
  .refine(
    (argv) => argv.every((argument) => Buffer.byteLength(argument) <= maxArgumentBytes),
    'an argument of a command can have 128 KiB at most: give what is longer by stdin',
  )
  .refine(
    (argv) => argv.reduce((sum, argument) => sum + Buffer.byteLength(argument), 0) <= maxArgumentsBytes,
    'the arguments of a command can have 1 MiB at most: give what is longer by stdin',
  );

/** Body of `PUT /v1/sessions/{id}`. */
export const sessionSpecSchema = z.object({
  target: sessionTargetSchema,
  /** null: a login shell. */
  command: commandSchema.nullable(),
  /** The terminal to make; null: three separate streams without a terminal. */
  terminal: terminalSizeSchema.extend({ term: z.string().max(64) }).nullable(),
  setup: commandSetupSchema.prefault({}),
  /** Whether the client will send stdin; without, the command reads an empty stdin. */
  stdin: z.boolean(),
  /** The client that starts it, and holds it from then on. */
  client: clientIDSchema,
  /** How long the session outlives the last connection of who holds it. */
  graceSeconds: leaseSchema,
  /** The same from the start, without anybody who holds it; null: not detached. */
  keepSeconds: leaseSchema.nullable(),
  /** Output that nobody has acknowledged is kept up to this size, of each stream. */
  outputBufferBytes: z.number().int().min(minOutputBufferBytes).max(maxOutputBufferBytes),
  audit: auditSchema,
});
export type SessionSpec = z.infer<typeof sessionSpecSchema>;
