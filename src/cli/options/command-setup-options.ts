import * as z from 'zod';
import {
  minSessionMemoryBytes,
  runAsSchema,
  variableNamePattern,
  variablesSchema,
  workdirSchema,
} from '../../session-api/command-setup.ts';
import { bytesSchema } from './byte-size.ts';
import type { Flags, RawArguments } from '../command-line/command.ts';
import { UsageError } from '../errors.ts';

const group = 'Session:';
const mebibyte = 1024 * 1024;

export const commandSetupFlags: Flags = {
  env: { type: 'list', describe: 'NAME=VALUE, or NAME alone to take yours', group },
  'import-env': {
    type: 'boolean',
    describe: "take the target's variables, but those that programs obey",
    group,
  },
  workdir: { type: 'string', describe: "where to start; the target's files are at /target [/root]", group },
  'run-as': {
    type: 'string',
    describe: "target, for the user and groups of the target's process, or UID[:GID] [root]",
    group,
  },
  'mem-limit': { type: 'string', describe: 'memory of the session, such as 128Mi [512Mi]', group },
};

const runAsTextSchema = z.string().transform((text, context) => {
  if (text === 'target') return text;
  const [, uid, gid] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text) ?? [];
  if (uid !== undefined) return { uid: Number(uid), gid: Number(gid ?? uid) };
  context.addIssue({ code: 'custom', message: `"${text}" is no user: write it as target or UID[:GID]` });
  return z.NEVER;
});

/**
 * Checks what a command is set up with.
 * @param maxMemoryBytes what an agent gives a session.
 */
export const createSetupSchema = (maxMemoryBytes: number) =>
  z.object({
    variables: variablesSchema,
    importEnvironment: z.boolean(),
    workdir: workdirSchema.nullable(),
    runAs: runAsTextSchema
      .refine((runAs) => runAsSchema.safeParse(runAs).success, 'the highest UID and GID is 4294967294')
      .nullable(),
    memoryBytes: bytesSchema
      .refine(
        (bytes) => bytes >= minSessionMemoryBytes && bytes <= maxMemoryBytes,
        `it takes ${minSessionMemoryBytes / mebibyte}Mi to ${maxMemoryBytes / mebibyte}Mi`,
      )
      .nullable(),
  });

/** Fills in what was not given. @throws UsageError for a variable that is none, or is not yours. */
export function completeCommandSetup(flags: RawArguments['flags'], environment: NodeJS.ProcessEnv): unknown {
  const given = Array.isArray(flags['env']) ? flags['env'] : [];
  return {
    variables: Object.fromEntries(given.map((text) => readVariable(text, environment))),
    importEnvironment: flags['import-env'] === true,
    workdir: flags['workdir'] ?? null,
    runAs: flags['run-as'] ?? null,
    memoryBytes: flags['mem-limit'] ?? null,
  };
}

function readVariable(text: string, environment: NodeJS.ProcessEnv): [name: string, value: string] {
  const [name = '', ...rest] = text.split('=');
  if (!variableNamePattern.test(name)) throw new UsageError('--env takes NAME=VALUE or NAME');
  if (rest.length > 0) return [name, rest.join('=')];
  const value = environment[name];
  if (value === undefined) throw new UsageError(`--env ${name}: you have no such variable`);
  return [name, value];
}
