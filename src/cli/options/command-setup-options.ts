import * as z from 'zod';
import {
  type CommandSetup,
  defaultScratchBytes,
  defaultSessionMemoryBytes,
  maxSessionMemoryBytes,
  minScratchBytes,
  minSessionMemoryBytes,
  runAsSchema,
  variableNamePattern,
  variablesSchema,
  workdirSchema,
} from '../../session-api/command-setup.ts';
import { createGroup, type OptionValues } from '../command-line/option.ts';
import { UsageError } from '../errors.ts';
import { createBytesSchema, formatBytes } from './values/byte-size.ts';
import { checkValue } from './option-values.ts';

const { defineOption, defineSwitch, defineList } = createGroup('Session:');

const runAsTextSchema = z
  .string()
  .transform((text, context) => {
    if (text === 'target') return text;
    const [, uid, gid] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text) ?? [];
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid ?? uid) };
    context.addIssue({ code: 'custom', message: `"${text}" is not a user: write it as target or UID[:GID]` });
    return z.NEVER;
  })
  .refine((runAs) => runAsSchema.safeParse(runAs).success, 'the highest UID and GID is 4294967294');

export const commandSetupOptions = {
  variables: defineList({
    flag: 'env',
    describe: 'NAME=VALUE, or NAME alone to take yours; may be given several times',
    schema: z
      .string()
      .refine((text) => variableNamePattern.test(text.split('=')[0] ?? ''), 'it takes NAME=VALUE or NAME'),
  }),
  importEnvironment: defineSwitch({
    flag: 'import-env',
    describe: "take the target's variables, except those that change how programs run",
  }),
  workdir: defineOption({
    flag: 'workdir',
    describe: "directory to start in; the target's files are at /target",
    unset: '/root',
    schema: workdirSchema,
  }),
  runAs: defineOption({
    flag: 'run-as',
    describe: "target, for the user and groups of the target's process, or UID[:GID]",
    unset: 'root',
    schema: runAsTextSchema,
  }),
  process: defineOption({
    flag: 'pid',
    describe: 'process of TARGET that recipes look at: its ID in the container, or its name',
    unset: 'the one that matters to the recipe',
    values: 'process',
    schema: z
      .string()
      .max(255)
      .regex(/^[^-\p{Cc}][^\p{Cc}]*$/u, 'it takes the ID or the name of a process'),
  }),
  memoryBytes: defineOption({
    flag: 'mem-limit',
    describe:
      'memory of the session, such as 128Mi; at most three quarters of limits.memory of its agent (4Gi)',
    unset: `${formatBytes(defaultSessionMemoryBytes)}, more with --scratch`,
    schema: createBytesSchema(minSessionMemoryBytes, maxSessionMemoryBytes),
  }),
  scratchBytes: defineOption({
    flag: 'scratch',
    describe: "room for the session's own files, such as 2Gi; the files count to its memory",
    unset: formatBytes(defaultScratchBytes),
    schema: createBytesSchema(minScratchBytes, maxSessionMemoryBytes),
  }),
};

/**
 * @returns how the command is set up.
 * @throws UsageError for a variable that is not in the user's environment, or is too long.
 */
export function describeCommandSetup(
  values: OptionValues<typeof commandSetupOptions>,
  environment: NodeJS.ProcessEnv,
): Omit<CommandSetup, 'context' | 'quiet'> {
  const variables = Object.fromEntries(values.variables.map((text) => readVariable(text, environment)));
  // take-process.sh and process_choice.py of the toolbox read it.
  if (values.process !== null) variables['CRASHCART_PID'] = values.process;
  return {
    variables: checkValue(variablesSchema, variables, `--${commandSetupOptions.variables.flag}`),
    importEnvironment: values.importEnvironment,
    workdir: values.workdir,
    runAs: values.runAs,
    memoryBytes: values.memoryBytes,
    scratchBytes: values.scratchBytes,
  };
}

function readVariable(text: string, environment: NodeJS.ProcessEnv): [name: string, value: string] {
  const [name = '', ...rest] = text.split('=');
  const value = rest.length > 0 ? rest.join('=') : environment[name];
  if (value === undefined) throw new UsageError(`--env ${name}: not set in your environment`);
  return [name, value];
}
