import * as z from 'zod';
import type { SettingName } from '../../config/config-schema.ts';

/** Where completion takes the values from that it offers: a list, or a look-up. */
export type ValueSource =
  | string[]
  | 'target'
  | 'container'
  | 'process'
  | 'session'
  | 'namespace'
  | 'context'
  | 'cluster'
  | 'user'
  | 'tool'
  | 'file';

/**
 * An option: the one place that says what it is called and what it takes. Parser, help, completion, configuration,
 * error messages and docs/flags.md follow from it.
 */
export interface Option<Value = unknown> {
  /** Its long name, without dashes. */
  flag: string;
  type: 'boolean' | 'string' | 'list';
  /** One letter. */
  alias?: string;
  describe: string;
  /** Heading in the help. */
  group: string;
  /** What counts when nothing else is given, as one would type it; the help shows it. */
  default?: string;
  /** What the help shows where there is no such text. */
  unset?: string;
  /** Turns what is typed or configured into the value. */
  schema: z.ZodType<Value>;
  /** The value when nothing is given and there is no default. */
  absent: Value;
  /** What completion offers; nothing without. */
  values?: ValueSource;
  /** The setting of the configuration that gives the value when the flag does not. */
  setting?: SettingName;
}

/** Options by the names that the code calls their values by; a set can hold others. */
export interface OptionSet {
  [name: string]: Option | OptionSet;
}

/** The values of a set, under the same names. */
export type OptionValues<Set> = {
  -readonly [Name in keyof Set]: Set[Name] extends Option<infer Value> ? Value : OptionValues<Set[Name]>;
};

type Definition<Value> = Omit<Option<Value>, 'type' | 'group' | 'schema' | 'absent' | 'default'>;

/** @returns functions that define options under one heading of the help. */
export function createGroup(group: string) {
  /** Defines an option that takes a value. It is null when nothing gives it, unless there is a default. */
  function defineOption<Value = string>(
    definition: Definition<Value> & { default: string; schema?: z.ZodType<Value> },
  ): Option<Value>;
  function defineOption<Value = string>(
    definition: Definition<Value> & { schema?: z.ZodType<Value> },
  ): Option<Value | null>;
  function defineOption(definition: Definition<unknown> & { schema?: z.ZodType }): Option {
    return { schema: z.string().min(1), ...definition, group, type: 'string', absent: null };
  }

  /** Defines an option that is given or not. */
  function defineSwitch(definition: Definition<boolean>): Option<boolean> {
    return { ...definition, group, type: 'boolean', schema: z.boolean(), absent: false };
  }

  /** Defines an option that can be given several times. @param definition its schema is that of one value. */
  function defineList<Value = string>(
    definition: Definition<Value> & { schema?: z.ZodType<Value> },
  ): Option<Value[]> {
    const { schema = z.string().min(1) as unknown as z.ZodType<Value>, ...rest } = definition;
    return { ...rest, group, type: 'list', schema: z.array(schema), absent: [] };
  }

  return { defineOption, defineSwitch, defineList };
}

/** @returns all options of a set, in its order. */
export function listOptions(set: OptionSet): Option[] {
  return Object.values(set).flatMap((entry) => (isOption(entry) ? [entry] : listOptions(entry)));
}

/** Whether an entry of a set is an option, and not a set of its own. */
export function isOption(entry: Option | OptionSet): entry is Option {
  return typeof entry.flag === 'string';
}

/** @returns the value that an option has when nothing gives it. */
export function getDefault<Value>(option: Option<Value>): Value {
  return option.default === undefined ? option.absent : option.schema.parse(option.default);
}

/** @returns an option's description with its default, as help and completion show it. */
export function describeOption({ describe, default: text, unset = text }: Option): string {
  return unset === undefined ? describe : `${describe} [${unset}]`;
}
