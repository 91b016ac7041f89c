import type * as z from 'zod';
import type { Argument } from '../command-line/argument.ts';
import type { Command } from '../command-line/command.ts';
import { suggestName } from '../command-line/nearest-name.ts';
import {
  getDefault,
  isOption,
  type Option,
  type OptionSet,
  type OptionValues,
  type ValueSource,
} from '../command-line/option.ts';
import type { SettingSource } from '../../config/effective-settings.ts';
import type { OptionSources, RawArguments } from '../command-line/raw-arguments.ts';
import { UsageError } from '../errors.ts';
import type { Settings } from './settings.ts';

/** What gives options their values: flags, and what is configured. */
export interface GivenValues {
  flags: RawArguments['flags'];
  settings: Settings;
}

/**
 * Gives each option of a set its value.
 * @returns the values, and what gave each.
 * @throws UsageError that names the flag, the variable or the line of the configuration that has a wrong value.
 */
export function readOptions<Set extends OptionSet>(
  set: Set,
  given: GivenValues,
): { values: OptionValues<Set>; sources: OptionSources } {
  const issues: string[] = [];
  const read = readSet(set, given, issues);
  if (issues.length > 0) throw new UsageError(issues.join('; '));
  return read;
}

/**
 * Gives a command its options and arguments.
 * @param settings what is configured; nothing without.
 * @throws UsageError with all that is wrong with the command line.
 */
export function readCommand<Values>(
  command: Command<Values>,
  raw: RawArguments,
  settings: Settings = new Map(),
): Values {
  const issues: string[] = [];
  const { values, sources } = readSet(command.options, { flags: raw.flags, settings }, issues);
  const all = { ...values, ...readArguments(command, raw, issues) } as Values;
  if (issues.length > 0) throw new UsageError(issues.join('; '));
  command.validate?.(all, sources);
  return all;
}

/** @returns the value that a schema makes of another. @throws UsageError. */
export function checkValue<Value>(schema: z.ZodType<Value>, value: unknown, place: string | null): Value {
  const issues: string[] = [];
  const checked = parse(schema, value, place, issues);
  if (issues.length > 0) throw new UsageError(issues.join('; '));
  return checked as Value;
}

function readSet<Set extends OptionSet>(set: Set, { flags, settings }: GivenValues, issues: string[]) {
  const sources = new Map<Option, SettingSource>();
  const readOption = (option: Option): unknown => {
    const { flag, setting, schema, values } = option;
    const typed = flags[flag];
    const given =
      typed === undefined
        ? setting && settings.get(setting)
        : { value: typed, source: 'flag' as const, place: `--${flag}` };
    // A switch that is off is as good as not given.
    sources.set(option, given === undefined || given.value === false ? 'default' : given.source);
    return given === undefined ? getDefault(option) : parse(schema, given.value, given.place, issues, values);
  };
  const read = (entries: OptionSet): object =>
    Object.fromEntries(
      Object.entries(entries).map(([name, entry]) => [
        name,
        isOption(entry) ? readOption(entry) : read(entry),
      ]),
    );
  return { values: read(set) as OptionValues<Set>, sources };
}

function readArguments({ name, arguments: known }: Command, raw: RawArguments, issues: string[]): object {
  const all = Object.values(known);
  const takesRest = all.some(({ isAfterDashes }) => isAfterDashes);
  if ((all.length === 0 && raw.positional.length > 0) || (!takesRest && raw.rest !== null))
    throw new UsageError(`"${name}" takes no ${all.length === 0 ? 'arguments' : 'command'}`);
  const words = [...raw.positional];
  const takeWords = ({ isAfterDashes, isMany }: Argument) => {
    if (isAfterDashes) return raw.rest;
    return isMany ? words.splice(0) : words.shift();
  };
  const values = Object.entries(known).map(([key, argument]) => {
    const { name: word, schema, isRequired, values: offered } = argument;
    const given = takeWords(argument);
    const isMissing = given === undefined || (isRequired && given?.length === 0);
    // A word of a list is its own name.
    const isListed = Array.isArray(offered);
    if (!isMissing && given !== null)
      return [key, parse(schema, given, isListed ? null : word, issues, offered)];
    if (isRequired)
      throw new UsageError(isListed ? `"${name}" takes one of ${offered.join(', ')}` : `${word} is missing`);
    return [key, null];
  });
  if (words.length > 0) throw new UsageError(`"${words.join(' ')}" is not expected here`);
  return Object.fromEntries(values) as object;
}

/** @returns the value; what is wrong is added to the issues. */
function parse(
  schema: z.ZodType,
  value: unknown,
  place: string | null,
  issues: string[],
  offered?: ValueSource,
): unknown {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const prefix = place === null ? '' : `${place}: `;
  issues.push(...parsed.error.issues.map((issue) => `${prefix}${describeIssue(issue, offered)}`));
  return undefined;
}

function describeIssue(issue: z.core.$ZodIssue, offered: ValueSource | undefined): string {
  if (issue.code === 'too_small' && issue.origin === 'string' && issue.minimum === 1) return 'it is empty';
  if (issue.code !== 'invalid_value') return issue.message;
  // Of what the schema takes, completion offers what is worth typing.
  const values = (Array.isArray(offered) ? offered : issue.values).map(String);
  const given = String(issue.input);
  return `"${given}" is not one of ${values.join(', ')}${suggestName(given, values)}`;
}
