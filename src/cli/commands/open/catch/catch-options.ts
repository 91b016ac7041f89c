import {
  type CatchRequest,
  defaultHoldSeconds,
  maxHoldSeconds,
} from '../../../../session-api/catch-request.ts';
import { createGroup } from '../../../command-line/option.ts';
import type { OptionSources } from '../../../command-line/raw-arguments.ts';
import { UsageError } from '../../../errors.ts';
import { isGiven } from '../../../options/option-rules.ts';
import { timeLimitSchema, toSeconds } from '../../../options/values/duration.ts';

const { defineOption, defineSwitch } = createGroup('Session:');

export const catchOption = defineSwitch({
  flag: 'catch',
  describe: 'hold the next start of the container before its program runs, and enter it',
});
export const holdOption = defineOption({
  flag: 'hold',
  describe: 'how long --catch holds the container at most; the command thaw lets it go on',
  default: `${defaultHoldSeconds}s`,
  schema: timeLimitSchema
    .transform(toSeconds)
    .refine((seconds) => seconds <= maxHoldSeconds, `it takes at most ${maxHoldSeconds / 60}m`),
});

/** Tools that show system calls: they are to see the one that executes the program. */
const callTracers = ['strace', 'strace-attach', 'syscalls', 'trace-files', 'trace-network', 'trace-process'];

/** What a start is caught with; the pod is found later. */
export type CatchOptions = Omit<CatchRequest, 'podUID'>;

/**
 * Decides how a start is caught.
 * @param tool what `--tool` names; null without.
 * @param command what stands after `--`; null for a shell.
 * @returns null when no start is to be caught.
 */
export function describeCatch(
  values: { catch: boolean; holdSeconds: number; waitLimitMs: number },
  tool: string | null,
  command: string[] | null,
): CatchOptions | null {
  if (!values.catch) return null;
  const [program = '', argument = ''] = command ?? [];
  const name = tool ?? (program === 'recipe' ? argument : program.replace(/^.*\//, ''));
  return {
    waitSeconds: toSeconds(values.waitLimitMs),
    holdSeconds: values.holdSeconds,
    at: callTracers.includes(name) ? 'execve' : 'program',
  };
}

/** @throws UsageError for a --hold that holds nothing. */
export function validateCatch(sources: OptionSources): void {
  if (isGiven(holdOption, sources) && !isGiven(catchOption, sources))
    throw new UsageError(`--${holdOption.flag} is for --${catchOption.flag}`);
}
