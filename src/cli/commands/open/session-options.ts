import * as z from 'zod';
import { connectionSchema } from '../../../cluster/api/connection-options.ts';
import { parseTargetName, type TargetName } from '../../../cluster/target/target-name.ts';
import { findRecipe, findToolCommand, listRecipes, listTools } from '../../../toolbox/catalogue.ts';
import type { Flags, RawArguments } from '../../command-line/command.ts';
import { connectionFlags, nameConnectionFlags } from '../../options/connection-flags.ts';
import type { Context } from '../../context.ts';
import { bytesSchema } from '../../options/byte-size.ts';
import { timeLimitSchema, waitSchema } from '../../options/duration.ts';
import { UsageError } from '../../errors.ts';
import { helpFlag } from '../../options/help-flag.ts';
import { findNearestName } from '../../command-line/nearest-name.ts';
import {
  commandSchema,
  leaseSchema,
  maxOutputBufferBytes,
  minOutputBufferBytes,
} from '../../../session-api/session-spec.ts';
import { parseDetachKeys } from '../../../terminal/escape-keys.ts';
import { Failure } from '../../../failure/failure.ts';
import {
  agentImageFlags,
  agentOptionsSchema,
  agentStartFlag,
  completeAgentOptions,
  createNamespaceFlag,
  secondsSchema,
  sessionMemoryBytes,
} from '../../options/agent-options.ts';
import {
  commandSetupFlags,
  completeCommandSetup,
  createSetupSchema,
} from '../../options/command-setup-options.ts';
import { completeDryRun, dryRunFlags, dryRunSchema } from '../../options/dry-run-options.ts';
import {
  completeOutputFile,
  outputFileFlags,
  outputFileSchema,
  requireFile,
} from '../../options/output-file-options.ts';
import { verbosityFlag, verbositySchema } from '../../options/verbosity.ts';

const session = 'Session:';
const kibibyte = 1024;
const agent = 'Agent:';

export const containerFlag: Flags = {
  container: {
    type: 'string',
    alias: 'c',
    describe: 'container of the pod',
    group: session,
    values: 'container',
  },
};

export const sessionFlags: Flags = {
  ...containerFlag,
  'all-namespaces': {
    type: 'boolean',
    alias: 'A',
    describe: 'without TARGET: choose from those of all namespaces',
    group: session,
  },
  tool: {
    type: 'string',
    describe: 'tool or recipe to run; what follows -- is for it',
    group: session,
    values: 'tool',
  },
  ...outputFileFlags,
  tty: { type: 'boolean', alias: 't', describe: 'with a terminal', group: session },
  'no-tty': { type: 'boolean', describe: 'without a terminal', group: session },
  stdin: { type: 'boolean', alias: 'i', describe: 'pass stdin on to the command', group: session },
  ...commandSetupFlags,
  detach: { type: 'boolean', describe: 'start it, print its ID and leave', group: session },
  keep: {
    type: 'string',
    describe: 'how long a detached session is kept without a client; at most 24h without `install` [8h]',
    group: session,
  },
  grace: { type: 'string', describe: 'how long it is kept when the connection is lost [5m]', group: session },
  'detach-keys': {
    type: 'string',
    describe: 'keys that detach, such as ctrl-p,ctrl-q [Enter ~ d]',
    group: session,
  },
  follow: { type: 'boolean', describe: 'when the container restarts, enter the next one', group: session },
  record: { type: 'string', describe: 'file for a recording (asciicast)', group: session, values: 'file' },
  'record-input': { type: 'boolean', describe: 'record what is typed, too', group: session },
  reason: { type: 'string', describe: "why; stands in the agent's log", group: session },
  event: { type: 'boolean', describe: 'leave a Kubernetes Event on the target', group: session },
  'output-buffer': {
    type: 'string',
    describe: 'output that is kept until it has arrived, of each stream [4Mi]',
    group: session,
  },
  compress: { type: 'boolean', describe: 'compress the output (for slow connections)', group: session },
  quiet: { type: 'boolean', alias: 'q', describe: 'print nothing but errors', group: session },
  ...agentImageFlags,
  'agent-namespace': {
    type: 'string',
    describe: 'namespace of agents [crashcart]',
    group: agent,
    values: 'namespace',
  },
  'agent-idle': { type: 'string', describe: 'how long an agent stays without a session [5m]', group: agent },
  ...agentStartFlag,
  ...createNamespaceFlag,
  ...dryRunFlags,
  ...connectionFlags,
  ...verbosityFlag,
  ...helpFlag,
  version: { type: 'boolean', describe: 'the version', group: 'Other:' },
};

export const leaseSecondsSchema = secondsSchema.refine(
  (seconds) => leaseSchema.safeParse(seconds).success,
  'it takes at most 168h',
);
export const detachKeysSchema = z.string().transform((text, context) => {
  const keys = parseDetachKeys(text);
  if (keys !== null) return keys;
  context.addIssue({ code: 'custom', message: `"${text}" names no keys: write them as ctrl-p,ctrl-q` });
  return z.NEVER;
});

export const sessionOptionsSchema = z.object({
  /** null: one is chosen on the terminal. */
  target: z.custom<TargetName>().nullable(),
  allNamespaces: z.boolean(),
  container: z.string().min(1).nullable(),
  /** null: a login shell. */
  command: commandSchema.nullable(),
  terminal: z.boolean(),
  stdin: z.boolean(),
  setup: createSetupSchema(sessionMemoryBytes),
  /** null: our own stdout. */
  outputFile: outputFileSchema.nullable(),
  detach: z.boolean(),
  keepSeconds: leaseSecondsSchema,
  graceSeconds: leaseSecondsSchema,
  /** null: Enter ~ d. */
  detachKeys: detachKeysSchema.nullable(),
  follow: z.boolean(),
  recordFile: z.string().min(1).nullable(),
  recordInput: z.boolean(),
  reason: z.string().min(1).max(1024).nullable(),
  event: z.boolean(),
  outputBufferBytes: bytesSchema.refine(
    (bytes) => bytes >= minOutputBufferBytes && bytes <= maxOutputBufferBytes,
    `it takes ${minOutputBufferBytes / kibibyte}Ki to ${maxOutputBufferBytes / kibibyte / kibibyte}Mi`,
  ),
  compress: z.boolean(),
  quiet: z.boolean(),
  agent: agentOptionsSchema,
  timeoutMs: timeLimitSchema,
  createNamespace: z.boolean(),
  /** null: for real. */
  dryRun: dryRunSchema.nullable(),
  connection: connectionSchema.extend({ requestTimeout: waitSchema.default(0) }),
  verbosity: verbositySchema,
});
/** What a command line asks for. */
export type RequestedSession = z.infer<typeof sessionOptionsSchema>;
/** The same with a target. */
export type SessionOptions = RequestedSession & { target: TargetName };

/**
 * Fills in what was not given.
 * @throws UsageError, Failure `toolNotFound` or `targetInvalid`.
 */
export function completeSessionOptions(raw: RawArguments, context: Context): unknown {
  const { flags } = raw;
  const command = completeCommand(raw, context);
  if (flags['tty'] && flags['no-tty']) throw new UsageError('--tty and --no-tty exclude each other');
  const terminal = decideTerminal(raw, context, command !== null);
  refuseContradictions(flags);
  return {
    target: completeTarget(raw, context),
    allNamespaces: flags['all-namespaces'] === true,
    container: flags['container'] ?? null,
    command,
    terminal,
    // What is typed for a detached session comes later, on its terminal.
    stdin: terminal || (flags['detach'] !== true && (flags['stdin'] === true || command === null)),
    setup: completeCommandSetup(flags, context.env),
    outputFile: completeOutputFile(flags),
    detach: flags['detach'] === true,
    keepSeconds: flags['keep'] ?? '8h',
    graceSeconds: flags['grace'] ?? '5m',
    detachKeys: flags['detach-keys'] ?? null,
    follow: flags['follow'] === true,
    recordFile: flags['record'] ?? null,
    recordInput: flags['record-input'] === true,
    reason: flags['reason'] ?? null,
    event: flags['event'] === true,
    outputBufferBytes: flags['output-buffer'] ?? '4Mi',
    compress: flags['compress'] === true,
    quiet: flags['quiet'] === true,
    agent: completeAgentOptions(flags),
    timeoutMs: flags['timeout'] ?? '60s',
    createNamespace: flags['create-namespace'] === true,
    dryRun: completeDryRun(flags),
    connection: nameConnectionFlags(flags),
    verbosity: flags['verbosity'] ?? '0',
  };
}

function refuseContradictions(flags: RawArguments['flags']): void {
  if (flags['record-input'] === true && flags['record'] === undefined)
    throw new UsageError('--record-input needs --record FILE');
  for (const name of ['stdin', 'record', 'follow']) {
    if (flags['detach'] === true && flags[name] !== undefined)
      throw new UsageError(`--detach leaves nobody for --${name}`);
  }
}

function completeTarget({ flags, positional }: RawArguments, context: Context): TargetName | null {
  const [target, ...more] = positional;
  if (more.length > 0)
    throw new UsageError(`"${more.join(' ')}" is not expected here: a command stands after --`);
  if (target !== undefined) {
    if (flags['all-namespaces'] === true)
      throw new UsageError(
        '--all-namespaces is for choosing a target; the namespace of TARGET is given by -n',
      );
    return parseTargetName(target);
  }
  // The list is drawn on stderr: stdout may be a file that the command's output goes to.
  if (context.stdin.isTTY && context.stderr.isTTY) return null;
  throw new UsageError('TARGET is missing: kubectl crashcart TARGET [-- COMMAND]');
}

function completeCommand(raw: RawArguments, context: Context): string[] | null {
  const { rest, recipes = [] } = raw;
  const { tool } = raw.flags;
  if (typeof tool === 'string') {
    const command = findToolCommand(tool, rest ?? [], recipes);
    if (command === null) {
      const known = [...listRecipes(recipes), ...listTools()].map(({ name }) => name);
      const near = findNearestName(tool, known);
      throw new Failure(
        'toolNotFound',
        `the toolbox has no tool "${tool}"`,
        near === null ? 'Any other program is run with -- COMMAND.' : `Did you mean "${near}"?`,
      );
    }
    const recipe = findRecipe(tool, recipes);
    if (recipe !== null) requireFile(raw, recipe.output, context);
    return command;
  }
  if (rest === null) return null;
  if (rest.length === 0) throw new UsageError('there is no command after --');
  return rest;
}

function decideTerminal(
  { flags }: RawArguments,
  { stdin, stdout, stderr }: Context,
  command: boolean,
): boolean {
  if (flags['no-tty'] || flags['output-file'] !== undefined) return false;
  if (flags['tty']) return true;
  if (flags['detach']) return !command;
  if (!stdin.isTTY || !stdout.isTTY) return false;
  // A terminal has one output: who has stderr elsewhere wants it there. And as kubectl exec: -i without -t.
  return command ? flags['stdin'] !== true && stderr.isTTY : true;
}
