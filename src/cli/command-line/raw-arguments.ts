import type { SettingSource } from '../../config/effective-settings.ts';
import type { Option } from './option.ts';

/** What the command line held, before it is checked. */
export interface RawArguments {
  /** By the long names of options. */
  flags: Record<string, RawValue | undefined>;
  /** What stands before `--`, but flags. */
  positional: string[];
  /** What stands after `--`; null without it. */
  rest: string[] | null;
}

/** What one option was given. */
type RawValue = boolean | string | string[];

/** What gave each option its value. */
export type OptionSources = ReadonlyMap<Option, SettingSource>;
