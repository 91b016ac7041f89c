import * as z from 'zod';
import { catchRequestSchema } from './catch-request.ts';
import { commandSetupSchema } from './command-setup.ts';

/** A terminal's size in character cells. */
export const terminalSizeSchema = z.object({
  columns: z.number().int().min(1).max(65_535),
  rows: z.number().int().min(1).max(65_535),
});
export type TerminalSize = z.infer<typeof terminalSizeSchema>;

/** Of TERM and COLORTERM. */
export const maxTerminalVariableLength = 64;
/** A variable's value of a terminal; a NUL byte would end it. */
const terminalVariableSchema = z
  .string()
  .max(maxTerminalVariableLength)
  .regex(/^[^\0]*$/, 'NUL bytes end it');
const terminalTypeSchema = terminalSizeSchema.extend({
  term: terminalVariableSchema,
  /** COLORTERM: whether it has 24-bit colours, which TERM can't say. null: not set. An older client does not send this. */
  colorTerm: terminalVariableSchema.nullable().default(null),
});

/** As the API server reports it, with its scheme: `containerd://<64 hex>`. */
export const containerIDSchema = z.string().regex(/^[a-z-]+:\/\/[0-9a-zA-Z_.-]+$/);

/** What a session enters: a container, or PID 1 of the agent's own node. */
export const sessionTargetSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('container'),
    namespace: z.string(),
    pod: z.string(),
    podUID: z.string(),
    container: z.string(),
    /**
     * Empty for a start that is to be caught: it has none yet, and an older agent, which catches nothing, enters nothing by
     * it.
     */
    containerID: z.union([containerIDSchema, z.literal('')]),
    /** Whether it is a run that has ended, of which only files are left. An older client does not send this; an older
     * agent does not know this, and refuses the container as one that does not run. */
    hasEnded: z.boolean().default(false),
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

/** ID of one run of a client: by it the agent knows that a new connection comes from the same client. */
export const clientIDSchema = z.uuid();

/** Seconds that a session is kept without a connection; at most a week. */
export const leaseSchema = z
  .number()
  .int()
  .min(1)
  .max(7 * 24 * 60 * 60);

export const minOutputBufferBytes = 256 * 1024;
export const maxOutputBufferBytes = 64 * 1024 * 1024;

/** What the client says of itself for the agent's log. */
export const auditSchema = z.object({
  /** The user's name as the API server has it (SelfSubjectReview); null when the API server can't be asked. */
  claimedUser: z.string().max(512).nullable(),
  /** The tunnel's ID: the API server's audit log has it in the URI of the exec. */
  tunnelID: z.uuid(),
  /** Why, in the user's words. */
  reason: z.string().max(1024).nullable(),
});

/** MAX_ARG_STRLEN of execve(2), the NUL byte at its end not counted. */
const maxArgumentBytes = 128 * 1024 - 1;
/** Half of the 2 MiB that execve(2) takes with the usual stack limit; the rest is for the environment. */
const maxArgumentsBytes = 1024 * 1024;

/** argv of a command in the toolbox. */
export const commandSchema = z
  .array(z.string())
  .min(1)
  .refine(
    (argv) => argv.every((argument) => Buffer.byteLength(argument) <= maxArgumentBytes),
    'an argument of a command can have at most 128 KiB: pass longer data by stdin',
  )
  .refine(
    (argv) => argv.reduce((sum, argument) => sum + Buffer.byteLength(argument), 0) <= maxArgumentsBytes,
    'the arguments of a command can have at most 1 MiB: pass longer data by stdin',
  );

/** Body of `PUT /v1/sessions/{id}`. */
export const sessionSpecSchema = z
  .object({
    target: sessionTargetSchema,
    /** null: a login shell. */
    command: commandSchema.nullable(),
    /** The terminal to make; null: three separate streams without a terminal. */
    terminal: terminalTypeSchema.nullable(),
    setup: commandSetupSchema.prefault({}),
    /** Whether the client will send stdin; without, the command reads an empty stdin. */
    stdin: z.boolean(),
    /** The client that starts the session, and holds it from then on. */
    client: clientIDSchema,
    /** How long the session outlives the last connection of its holder. */
    graceSeconds: leaseSchema,
    /** How long a session that is started detached is kept without a client; null: not detached. */
    keepSeconds: leaseSchema.nullable(),
    /** Output that nobody has acknowledged is kept up to this size, of each stream. */
    outputBufferBytes: z.number().int().min(minOutputBufferBytes).max(maxOutputBufferBytes),
    /** null: the container runs. An older client does not send this. */
    catch: catchRequestSchema.nullable().default(null),
    audit: auditSchema,
  })
  .refine(
    ({ target, catch: caught }) =>
      (target.kind === 'container' && target.containerID === '') === (caught !== null),
    'a start is caught of a container without an ID, and of no other',
  );
export type SessionSpec = z.infer<typeof sessionSpecSchema>;
