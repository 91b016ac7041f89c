import * as z from 'zod';
import { parseTargetName } from '../../../cluster/target/target-name.ts';
import { maxOutputBufferBytes, minOutputBufferBytes } from '../../../session-api/session-spec.ts';
import { defineArguments, defineOptionalArgument } from '../../command-line/argument.ts';
import { createGroup, type Option } from '../../command-line/option.ts';
import type { OptionSources } from '../../command-line/raw-arguments.ts';
import { UsageError } from '../../errors.ts';
import { clusterOptions } from '../../options/access-options.ts';
import { newAgentOptions } from '../../options/agent/agent-options.ts';
import { attachmentOptions, stdinOption } from '../../options/attachment-options.ts';
import { createBytesSchema } from '../../options/values/byte-size.ts';
import { commandSetupOptions } from '../../options/command-setup-options.ts';
import { dryRunOptions } from '../../options/dry-run-options.ts';
import { leaseSecondsSchema, timeLimitSchema } from '../../options/values/duration.ts';
import { isGiven, refuseCombinations, requireCompanion } from '../../options/option-rules.ts';
import { outputFileOptions } from '../../options/output-file-options.ts';
import { catchOption, holdOption, validateCatch } from './catch/catch-options.ts';
import { manyOptions } from './many/many-options.ts';

const { defineOption, defineSwitch } = createGroup('Session:');
const { recordFile } = attachmentOptions;

export const containerOption = defineOption({
  flag: 'container',
  alias: 'c',
  describe: 'container of the pod',
  values: 'container',
});

/** Names what a command works on. */
export const targetArgument = defineOptionalArgument({
  name: 'TARGET',
  schema: z.string().transform(parseTargetName),
  values: 'target',
});

/** Names what a session, or several, are opened in. */
export const targetsArgument = defineArguments({
  name: 'TARGET',
  schema: z.string().transform(parseTargetName),
  isRequired: false,
  values: 'target',
});

/** As kubectl takes `--tty=false`: null is to decide by our own streams. */
const tty: Option<boolean | null> = {
  ...defineSwitch({ flag: 'tty', alias: 't', describe: 'with a terminal' }),
  absent: null,
};
const noTTY = defineSwitch({ flag: 'no-tty', describe: 'without a terminal' });
const detach = defineSwitch({
  flag: 'detach',
  describe: 'start the command, print the ID of its session and leave',
});
const follow = defineSwitch({
  flag: 'follow',
  describe: 'when the container restarts, enter the next instance; implies --wait',
});
const wait = defineSwitch({
  flag: 'wait',
  describe: 'when the container does not run, wait until it does, and enter at once',
});
const waitLimit = defineOption({
  flag: 'pod-running-timeout',
  describe: 'limit of the wait of --wait, --follow and --catch',
  default: '10m',
  schema: timeLimitSchema,
});
const dead = defineSwitch({
  flag: 'dead',
  describe: 'of a container that has ended: its files, volumes and log, read-only',
});
const recordInput = defineSwitch({ flag: 'record-input', describe: 'record what is typed, too' });

/** Options of the command that opens a session. */
export const sessionOptions = {
  container: containerOption,
  allNamespaces: defineSwitch({
    flag: 'all-namespaces',
    alias: 'A',
    describe: 'all namespaces, for --selector, or to choose from without TARGET',
  }),
  tool: defineOption({
    flag: 'tool',
    describe: 'tool or recipe to run; what follows -- are its arguments',
    values: 'tool',
  }),
  ...outputFileOptions,
  many: manyOptions,
  tty,
  noTTY,
  stdin: stdinOption,
  setup: commandSetupOptions,
  detach,
  graceSeconds: defineOption({
    flag: 'grace',
    describe: 'how long the session is kept when the connection is lost',
    default: '5m',
    schema: leaseSecondsSchema,
  }),
  ...attachmentOptions,
  follow,
  wait,
  waitLimitMs: waitLimit,
  dead,
  catch: catchOption,
  holdSeconds: holdOption,
  recordInput,
  event: defineSwitch({ flag: 'event', describe: 'leave a Kubernetes Event on the target' }),
  outputBufferBytes: defineOption({
    flag: 'output-buffer',
    describe: 'how much output of each stream the agent keeps until it has arrived here',
    default: '4Mi',
    schema: createBytesSchema(minOutputBufferBytes, maxOutputBufferBytes),
  }),
  ...newAgentOptions,
  dryRun: dryRunOptions,
  ...clusterOptions,
  version: createGroup('Other:').defineSwitch({ flag: 'version', describe: 'print the version' }),
};

/** @throws UsageError for options that don't go together. */
export function validateSessionOptions(sources: OptionSources): void {
  const { outputFile, force } = outputFileOptions;
  requireCompanion(sources, recordInput, recordFile);
  if (!isGiven(manyOptions.outputDir, sources)) requireCompanion(sources, force, outputFile);
  refuseCombinations(sources, tty, [noTTY]);
  refuseCombinations(sources, detach, [stdinOption, recordFile, follow]);
  const waiting = [wait, follow, catchOption];
  if (isGiven(waitLimit, sources) && !waiting.some((option) => isGiven(option, sources)))
    throw new UsageError(
      `--${waitLimit.flag} is for --${wait.flag}, --${follow.flag} and --${catchOption.flag}`,
    );
  refuseCombinations(sources, wait, [dryRunOptions.mode]);
  // What they take is of a process.
  refuseCombinations(sources, dead, [
    wait,
    follow,
    commandSetupOptions.importEnvironment,
    commandSetupOptions.process,
  ]);
  validateCatch(sources);
  refuseCombinations(sources, catchOption, [wait, follow, dead, detach, dryRunOptions.mode]);
  refuseCombinations(sources, outputFile, [tty, detach, follow]);
}

/** Options that a command in many targets does not take. */
export const optionsOfOne: Option[] = [
  ...[tty, stdinOption, detach, follow, wait, dead, catchOption, outputFileOptions.outputFile],
  ...[recordFile, attachmentOptions.detachKeys, attachmentOptions.keepSeconds, dryRunOptions.mode],
];
