import yargs from 'yargs';
import { getErrorMessage } from '../../failure/error-message.ts';
import { describeOption, type Option } from './option.ts';
import type { RawArguments } from './raw-arguments.ts';
import { UsageError } from '../errors.ts';
import { findNearestName } from './nearest-name.ts';

/** Columns that every terminal has. */
const helpWidth = 80;

/**
 * Takes a command line apart. The only code that knows the parser.
 * @throws UsageError for an unknown flag, and for a flag without its value.
 */
export function parseArguments(args: string[], options: Option[]): RawArguments {
  const parsed = parse(args, options);
  const repeated = options.find(({ flag, type }) => type !== 'list' && Array.isArray(parsed[flag]));
  if (repeated) throw new UsageError(`--${repeated.flag} is given more than once`);
  const known = options.map(({ flag }) => [flag, parsed[flag]]);
  const rest = args.includes('--') ? ((parsed['--'] ?? []) as string[]) : null;
  return {
    flags: Object.fromEntries(known) as RawArguments['flags'],
    positional: parsed._.map(String),
    rest,
  };
}

/** @returns the options as `--help` lists them, by their groups. */
export async function formatOptions(options: Option[]): Promise<string> {
  const text = (await create([], options).getHelp()).trim();
  // Where a text fills its column, the parser puts no blank before the type.
  return text.replaceAll(/(?<=\S)(?=\[(?:boolean|string|array)\]$)/gm, ' ');
}

function parse(args: string[], options: Option[]) {
  try {
    return create(args, options).parseSync();
  } catch (error) {
    const message = getErrorMessage(error);
    const where = args.includes('--') ? '' : ' (a command and its flags stand after --)';
    const told = message.replace(
      /^Unknown arguments?: (.*)$/,
      (_all, names: string) => `unknown flags: ${names}${where}${suggestFlags(names.split(', '), options)}`,
    );
    throw new UsageError(told, { cause: error });
  }
}

function suggestFlags(mistyped: string[], options: Option[]): string {
  const flags = options.map(({ flag }) => flag);
  const meant = mistyped
    // Any letter is near any other.
    .map((name) => (name.length === 1 ? null : findNearestName(name, flags)))
    .filter((name) => name !== null);
  return meant.length === 0 ? '' : `; did you mean ${meant.map((name) => `--${name}`).join(', ')}?`;
}

function create(args: string[], options: Option[]) {
  return (
    yargs(args)
      // The parser's own ones end the process; ours are options like any other.
      .help(false)
      .version(false)
      // Its messages are read here, so they have to be English; and loading a language takes time.
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
      .options(Object.fromEntries(options.map((option) => [option.flag, toParserOption(option)])))
      .strictOptions()
      .exitProcess(false)
      // Throws instead of printing.
      .fail(false)
      .wrap(helpWidth - 1)
  );
}

function toParserOption(option: Option) {
  const { type, alias, group } = option;
  return {
    ...(alias === undefined ? {} : { alias }),
    describe: describeOption(option),
    group,
    ...(type === 'boolean' ? { boolean: true } : { string: true, requiresArg: true }),
    ...(type === 'list' ? { array: true } : {}),
  };
}
