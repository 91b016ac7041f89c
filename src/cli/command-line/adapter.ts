import yargs from 'yargs';
import { getErrorMessage } from '../../failure/error-message.ts';
import type { Flag, Flags, RawArguments } from './command.ts';
import { UsageError } from '../errors.ts';
import { findNearestName } from './nearest-name.ts';

/** Columns of any terminal. */
const helpWidth = 80;

/**
 * Takes a command line apart. The only code that knows the parser.
 * @throws UsageError for unknown flags and for flags without their value.
 */
export function parseArguments(args: string[], flags: Flags): RawArguments {
  const parsed = parse(args, flags);
  const repeated = Object.entries(flags).find(
    ([name, { type }]) => type !== 'list' && Array.isArray(parsed[name]),
  );
  if (repeated) throw new UsageError(`--${repeated[0]} is given more than once`);
  const known = Object.keys(flags).map((name) => [name, parsed[name]]);
  const rest = args.includes('--') ? ((parsed['--'] ?? []) as string[]) : null;
  return {
    flags: Object.fromEntries(known) as RawArguments['flags'],
    positional: parsed._.map(String),
    rest,
  };
}

/** @returns the flags as `--help` lists them, by their groups. */
export async function formatFlags(flags: Flags): Promise<string> {
  const text = (await create([], flags).getHelp()).trim();
  // Where the text fills its column, the parser puts the type right behind it.
  return text.replaceAll(/(?<=\S)(?=\[(?:boolean|string|array)\]$)/gm, ' ');
}

function parse(args: string[], flags: Flags) {
  try {
    return create(args, flags).parseSync();
  } catch (error) {
    const message = getErrorMessage(error);
    const where = args.includes('--') ? '' : ' (a command and its flags stand after --)';
    const told = message.replace(
      /^Unknown arguments?: (.*)$/,
      (_all, names: string) => `unknown flags: ${names}${where}${suggestFlags(names.split(', '), flags)}`,
    );
    throw new UsageError(told, { cause: error });
  }
}

function suggestFlags(mistyped: string[], flags: Flags): string {
  const meant = mistyped
    // Of a letter that is none any other could be meant.
    .map((name) => (name.length === 1 ? null : findNearestName(name, Object.keys(flags))))
    .filter((name) => name !== null);
  return meant.length === 0 ? '' : `; did you mean ${meant.map((name) => `--${name}`).join(', ')}?`;
}

function create(args: string[], flags: Flags) {
  return (
    yargs(args)
      // Its own ones end the process; ours are flags like any other.
      .help(false)
      .version(false)
      // Its messages are looked at here: and reading those of the user's language would take time.
      .detectLocale(false)
      .parserConfiguration({
        'populate--': true,
        'boolean-negation': false,
        'camel-case-expansion': false,
        'dot-notation': false,
        'greedy-arrays': false,
        'parse-numbers': false,
        'parse-positional-numbers': false,
      })
      .options(Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, toOption(flag)])))
      .strictOptions()
      .exitProcess(false)
      // Throws instead of printing.
      .fail(false)
      .wrap(helpWidth - 1)
  );
}

function toOption({ type, alias, describe, group }: Flag) {
  return {
    ...(alias === undefined ? {} : { alias }),
    describe,
    group,
    ...(type === 'boolean' ? { boolean: true } : { string: true, requiresArg: true }),
    ...(type === 'list' ? { array: true } : {}),
  };
}
