import type { OptionValues } from '../../command-line/option.ts';
import { createGroup } from '../../command-line/option.ts';
import type { TargetName } from '../../../cluster/target/target-name.ts';
import { UsageError } from '../../errors.ts';
import { clusterOptions } from '../../options/access-options.ts';
import { newAgentOptions } from '../../options/agent/agent-options.ts';
import { attachmentOptions } from '../../options/attachment-options.ts';
import { containerOption } from '../open/session-options.ts';
import type { ForwardRule } from './forward-rule.ts';

const { defineList } = createGroup('Ports:');

/** Options of the command that forwards ports. */
export const forwardOptions = {
  container: containerOption,
  addresses: defineList({
    flag: 'address',
    describe: 'address of this machine to listen on; several are allowed [localhost]',
  }),
  reverse: defineList({
    flag: 'reverse',
    alias: 'R',
    describe: 'the reverse way: a port of the target, and where its connections go here',
  }),
  socks: defineList({
    flag: 'socks',
    alias: 'D',
    describe: "port of a SOCKS5 proxy into the target's network, such as 1080",
  }),
  reason: attachmentOptions.reason,
  quiet: attachmentOptions.quiet,
  ...newAgentOptions,
  ...clusterOptions,
};

/** What a command line asks for. */
export type ForwardRequest = OptionValues<typeof forwardOptions> & {
  target: TargetName;
  rules: ForwardRule[] | null;
};

/** @throws UsageError when there is nothing to forward. */
export function validateForward({ rules, reverse, socks }: ForwardRequest): void {
  if ((rules?.length ?? 0) + reverse.length + socks.length === 0)
    throw new UsageError('no port: PORT stands after TARGET, or --reverse or --socks gives one');
}
