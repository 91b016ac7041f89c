import * as z from 'zod';
import type { TargetName } from '../../../cluster/target/target-name.ts';
import type { OptionSources } from '../../command-line/raw-arguments.ts';
import { createGroup, type OptionValues } from '../../command-line/option.ts';
import { UsageError } from '../../errors.ts';
import { clusterOptions } from '../../options/access-options.ts';
import { newAgentOptions } from '../../options/agent/agent-options.ts';
import { attachmentOptions } from '../../options/attachment-options.ts';
import { isGiven, refuseCombinations } from '../../options/option-rules.ts';
import { outputFileOptions } from '../../options/output-file-options.ts';
import { createBytesSchema } from '../../options/values/byte-size.ts';
import { timeLimitSchema } from '../../options/values/duration.ts';
import { manyOptions, refuseSelection } from '../open/many/many-options.ts';
import { containerOption, sessionOptions } from '../open/session-options.ts';

const { defineOption, defineSwitch } = createGroup('Capture:');

/** tcpdump takes it for "all of the packet". */
const maxSnapBytes = 262_144;
const maxFileBytes = 1024 ** 4;

/** Linux has at most 15 bytes for it; what begins with a dash would be a flag of tcpdump. */
const interfaceSchema = z
  .string()
  .regex(/^[^-\s/\0][^\s/\0]{0,14}$/, 'not a name of a network interface: any, eth0, lo');

const write = defineOption({
  flag: 'write',
  alias: 'w',
  describe: 'pcapng file for the packets of all targets; - is stdout',
  values: 'file',
});
const decode = defineSwitch({
  flag: 'decode',
  describe: 'print a line for each packet; so does a capture without -w',
});
const wireshark = defineSwitch({ flag: 'wireshark', describe: 'show the packets in Wireshark, here' });

/** Options of the command that captures packets. */
export const captureOptions = {
  container: containerOption,
  allNamespaces: sessionOptions.allNamespaces,
  many: { selector: manyOptions.selector, all: manyOptions.all },
  write,
  force: outputFileOptions.force,
  decode,
  wireshark,
  networkInterface: defineOption({
    flag: 'interface',
    alias: 'i',
    describe: 'network interface of the targets',
    default: 'any',
    schema: interfaceSchema,
  }),
  durationMs: defineOption({
    flag: 'duration',
    describe: 'end the capture after this time, such as 30s',
    unset: 'until Ctrl-C',
    schema: timeLimitSchema,
  }),
  maxPackets: defineOption({
    flag: 'count',
    describe: 'end the capture after so many packets of all targets',
    unset: 'no limit',
    schema: z.coerce.number('it takes a number').int('it takes a whole number').min(1, 'it takes at least 1'),
  }),
  maxBytes: defineOption({
    flag: 'size',
    describe: 'end the capture before the file is larger, such as 100Mi',
    unset: 'no limit',
    schema: createBytesSchema(1024, maxFileBytes),
  }),
  snapBytes: defineOption({
    flag: 'snaplen',
    describe: 'how much of each packet is kept, in bytes',
    unset: 'all of it',
    schema: createBytesSchema(1, maxSnapBytes),
  }),
  reason: attachmentOptions.reason,
  compress: attachmentOptions.compress,
  quiet: attachmentOptions.quiet,
  ...newAgentOptions,
  ...clusterOptions,
};

type TargetValues = Pick<OptionValues<typeof captureOptions>, 'many' | 'allNamespaces' | 'container'> & {
  targets: TargetName[];
};

/** @throws UsageError for words and options that don't go together. */
export function validateCaptureOptions(values: TargetValues, sources: OptionSources): void {
  const { targets, many, allNamespaces, container } = values;
  if (targets.length === 0 && many.selector === null)
    throw new UsageError('TARGET is missing; --selector gives all pods that a selector matches');
  refuseSelection({ targets, allNamespaces, container, many: { ...many, allContainers: false } });
  refuseCombinations(sources, decode, [write, wireshark, captureOptions.maxBytes]);
  refuseCombinations(sources, wireshark, [write]);
  if (isGiven(captureOptions.force, sources) && !isGiven(write, sources))
    throw new UsageError('--force is for --write');
  if (isGiven(captureOptions.maxBytes, sources) && !isGiven(write, sources) && !isGiven(wireshark, sources))
    throw new UsageError('--size is for --write and --wireshark');
}
