import * as z from 'zod';
import { connectionSchema } from '../../cluster/connection-flags.ts';
import { parseTargetName } from '../../cluster/target-name.ts';
import { findNearestTool, findToolCommand } from '../../toolbox/catalogue.ts';
import type { Flags, RawArguments } from '../command.ts';
import { connectionFlags, nameConnectionFlags } from '../connection-flags.ts';
import type { Context } from '../context.ts';
import { durationSchema } from '../duration.ts';
import { UsageError } from '../errors.ts';
import { helpFlag } from '../help-flag.ts';
import { Failure } from '../../cluster/failure.ts';
import { version } from '../version.ts';

const session = 'Session:';
const agent = 'Agent:';

export const sessionFlags: Flags = {
  container: { type: 'string', alias: 'c', describe: 'container of the pod', group: session },
  tool: { type: 'string', describe: 'tool or recipe to run; what follows -- is for it', group: session },
  tty: { type: 'boolean', alias: 't', describe: 'with a terminal', group: session },
  'no-tty': { type: 'boolean', describe: 'without a terminal', group: session },
  stdin: { type: 'boolean', alias: 'i', describe: 'pass stdin on to the command', group: session },
  quiet: { type: 'boolean', alias: 'q', describe: 'print nothing but errors', group: session },
  image: { type: 'string', describe: 'image of the agent (environment: CRASHCART_IMAGE)', group: agent },
  'image-pull-policy': { type: 'string', describe: 'Always, IfNotPresent or Never', group: agent },
  'image-pull-secret': { type: 'list', describe: 'Secret with credentials for the image', group: agent },
  'agent-namespace': { type: 'string', describe: 'namespace of agents [crashcart]', group: agent },
  'agent-idle': { type: 'string', describe: 'how long an agent stays without a session [5m]', group: agent },
  'agent-grace': {
    type: 'string',
    describe: 'how long an agent keeps a session whose client is gone [1m]',
    group: agent,
  },
  timeout: { type: 'string', describe: "limit of the agent's start [60s]", group: agent },
  'create-namespace': { type: 'boolean', describe: 'make the namespace of agents if needed', group: agent },
  ...connectionFlags,
  verbosity: {
    type: 'string',
    alias: 'v',
    describe: 'detail: 4 tells each step, 6 each request',
    group: 'Other:',
  },
  ...helpFlag,
  version: { type: 'boolean', describe: 'the version', group: 'Other:' },
};

const secondsSchema = durationSchema.transform((ms) => Math.max(1, Math.round(ms / 1000)));

export const sessionOptionsSchema = z.object({
  target: z.custom<ReturnType<typeof parseTargetName>>(),
  container: z.string().min(1).nullable(),
  /** null: a login shell. */
  command: z.array(z.string()).min(1).nullable(),
  terminal: z.boolean(),
  stdin: z.boolean(),
  quiet: z.boolean(),
  agent: z.object({
    image: z.string().min(1),
    imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
    imagePullSecrets: z.array(z.string().min(1)),
    namespace: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'that is no name of a namespace'),
    idleSeconds: secondsSchema,
    graceSeconds: secondsSchema,
    sessionMemoryBytes: z.number(),
    version: z.string(),
  }),
  timeoutMs: durationSchema.refine((ms) => ms > 0, 'it has to be above 0'),
  createNamespace: z.boolean(),
  connection: connectionSchema.extend({ requestTimeout: durationSchema.default(0) }),
  verbosity: z.coerce.number().int().min(0),
});
export type SessionOptions = z.infer<typeof sessionOptionsSchema>;

const sessionMemoryBytes = 512 * 1024 * 1024;

/**
 * Fills in what was not given.
 * @throws UsageError, Failure `toolNotFound` or `targetInvalid`.
 */
export function completeSessionOptions(raw: RawArguments, context: Context): unknown {
  const { flags } = raw;
  const command = completeCommand(raw);
  if (flags['tty'] && flags['no-tty']) throw new UsageError('--tty and --no-tty exclude each other');
  const terminal = decideTerminal(raw, context, command !== null);
  return {
    target: completeTarget(raw.positional),
    container: flags['container'] ?? null,
    command,
    terminal,
    stdin: flags['stdin'] === true || command === null || terminal,
    quiet: flags['quiet'] === true,
    agent: {
      image: flags['image'] ?? (context.env['CRASHCART_IMAGE'] || `crashcart.dev/agent:${version}`),
      imagePullPolicy: flags['image-pull-policy'] ?? 'IfNotPresent',
      imagePullSecrets: flags['image-pull-secret'] ?? [],
      namespace: flags['agent-namespace'] ?? 'crashcart',
      idleSeconds: flags['agent-idle'] ?? '5m',
      graceSeconds: flags['agent-grace'] ?? '1m',
      sessionMemoryBytes,
      version,
    },
    timeoutMs: flags['timeout'] ?? '60s',
    createNamespace: flags['create-namespace'] === true,
    connection: nameConnectionFlags(flags),
    verbosity: flags['verbosity'] ?? '0',
  };
}

function completeTarget(positional: string[]): ReturnType<typeof parseTargetName> {
  const [target, ...more] = positional;
  if (target === undefined) throw new UsageError('TARGET is missing: kubectl crashcart TARGET [-- COMMAND]');
  if (more.length > 0)
    throw new UsageError(`"${more.join(' ')}" is not expected here: a command stands after --`);
  return parseTargetName(target);
}

function completeCommand({ flags, rest }: RawArguments): string[] | null {
  const { tool } = flags;
  if (typeof tool === 'string') {
    const command = findToolCommand(tool, rest ?? []);
    if (command === null) {
      const near = findNearestTool(tool);
      throw new Failure(
        'toolNotFound',
        `the toolbox has no tool "${tool}"`,
        near === null ? 'Any other program is run with -- COMMAND.' : `Did you mean "${near}"?`,
      );
    }
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
  if (flags['no-tty']) return false;
  if (flags['tty']) return true;
  if (!stdin.isTTY || !stdout.isTTY) return false;
  // A terminal has one output: who has stderr elsewhere wants it there. And as kubectl exec: -i without -t.
  return command ? flags['stdin'] !== true && stderr.isTTY : true;
}
