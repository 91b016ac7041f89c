import * as z from 'zod';
import type { ValueSource } from './option.ts';

/** An argument of a command: what is given by its place, without a flag. */
export interface Argument<Value = unknown> {
  /** As the usage line calls it. */
  name: string;
  schema: z.ZodType<Value>;
  isRequired: boolean;
  /** Whether it takes all words that are left; its schema then takes a list. */
  isMany: boolean;
  /** Whether it is what stands after `--`; a list, flags and all. */
  isAfterDashes: boolean;
  /** What completion offers; nothing without. */
  values?: ValueSource;
}

/** Arguments in their order, by the names that the code calls their values by. */
export type ArgumentSet = Record<string, Argument>;

/** The values of arguments, under the same names. */
export type ArgumentValues<Set> = {
  -readonly [Name in keyof Set]: Set[Name] extends Argument<infer Value> ? Value : never;
};

interface Definition<Value> {
  name: string;
  schema: z.ZodType<Value>;
  values?: ValueSource;
}

/** Defines an argument without which the command does nothing. */
export function defineArgument<Value = string>(definition: Definition<Value>): Argument<Value> {
  return { ...definition, isRequired: true, isMany: false, isAfterDashes: false };
}

/** Defines an argument that can be left out: its value is null then. */
export function defineOptionalArgument<Value = string>(
  definition: Definition<Value>,
): Argument<Value | null> {
  return { ...definition, isRequired: false, isMany: false, isAfterDashes: false };
}

/** Defines an argument that is given several times. @param definition its schema is that of one word. */
export function defineArguments<Value>(
  definition: Definition<Value> & { isRequired: boolean },
): Argument<Value[]> {
  return { ...definition, schema: z.array(definition.schema), isMany: true, isAfterDashes: false };
}

/** Defines what stands after `--`; null without it. */
export function defineCommandArgument<Value>(schema: z.ZodType<Value>): Argument<Value | null> {
  return { name: 'COMMAND', schema, isRequired: false, isMany: false, isAfterDashes: true };
}
