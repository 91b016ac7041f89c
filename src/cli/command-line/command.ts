import type { Context } from '../context.ts';
import type { ArgumentSet, ArgumentValues } from './argument.ts';
import { createGroup, listOptions, type Option, type OptionSet, type OptionValues } from './option.ts';
import type { OptionSources } from './raw-arguments.ts';

const { defineSwitch } = createGroup('Other:');

/** A use of a command. */
export interface Example {
  purpose: string;
  line: string;
}

/** A command as data: what it takes, what has to fit together, what it does. */
export interface Command<Values = unknown> {
  /** The word that calls it; empty for the command that opens a session. */
  name: string;
  usage: string;
  summary: string;
  /** What it is most often used for; its help shows them. */
  examples: Example[];
  options: OptionSet;
  arguments: ArgumentSet;
  /**
   * Checks what no single option can tell.
   * @param sources what gave each option its value.
   * @throws UsageError.
   */
  validate?(values: Values, sources: OptionSources): void;
  /** A method, so that commands of all values fit into one table. @returns the exit code. */
  run(values: Values, context: Context): Promise<number>;
}

/** Defines a command; the values that it is run with have the types of its options and arguments. */
export function defineCommand<Set extends OptionSet, Arguments extends ArgumentSet = Record<never, never>>(
  definition: Omit<Command<OptionValues<Set> & ArgumentValues<Arguments>>, 'options' | 'arguments'> & {
    options: Set;
    arguments?: Arguments;
  },
): Command<OptionValues<Set> & ArgumentValues<Arguments>> {
  return { arguments: {}, ...definition };
}

/** Every command has it; run-cli.ts answers it. */
const helpOption = defineSwitch({ flag: 'help', alias: 'h', describe: 'print this text' });

/** @returns all options of a command. */
export function listCommandOptions({ options }: Command): Option[] {
  return [...listOptions(options), helpOption];
}
