import type * as z from 'zod';
import type { Recipe } from '../../toolbox/recipes.ts';
import type { Context } from '../context.ts';

/** Where the values come from that completion offers: a list, or what is looked up. */
export type ValueSource =
  | string[]
  | 'target'
  | 'container'
  | 'session'
  | 'namespace'
  | 'context'
  | 'cluster'
  | 'user'
  | 'tool'
  | 'file';

/** A flag of the command line, as data. */
export interface Flag {
  type: 'boolean' | 'string' | 'list';
  /** One letter, or a second name. */
  alias?: string;
  describe: string;
  /** Heading in the help. */
  group: string;
  /** What completion offers after it; nothing without. */
  values?: ValueSource;
}
export type Flags = Record<string, Flag>;

/** What the command line held, before it is checked. */
export interface RawArguments {
  flags: Record<string, boolean | string | string[] | undefined>;
  /** What stands before `--`, but flags. */
  positional: string[];
  /** What stands after `--`; null without it. */
  rest: string[] | null;
  /** The user's own recipes; read only where a tool is named. */
  recipes?: Recipe[];
}

/** A use of a command. */
export interface Example {
  purpose: string;
  line: string;
}

/** A command as data: what it takes, how that is checked, what it does. */
export interface Command<Options> {
  usage: string;
  summary: string;
  /** What it is most often used for; its help has them. */
  examples: Example[];
  flags: Flags;
  /** What completion offers for its first argument; nothing without. */
  argument?: ValueSource;
  /** @throws UsageError for what no schema of the flags tells. */
  complete: (raw: RawArguments, context: Context) => unknown;
  schema: z.ZodType<Options>;
  /** A method, so that commands of all options fit into one table. @returns the exit code. */
  run(options: Options, context: Context): Promise<number>;
}
