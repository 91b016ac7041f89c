import { commandTable } from '../../src/cli/commands/command-table.ts';
import { sessionCommand } from '../../src/cli/commands/open/session-command.ts';
import type { Command, Example, Flag } from '../../src/cli/command-line/command.ts';

/** A command as its help tells it. */
export interface CommandReference {
  /** As it is called: `kubectl crashcart version`. */
  name: string;
  usage: string;
  summary: string;
  examples: Example[];
  groups: FlagGroup[];
}

/** Flags under one heading. */
export interface FlagGroup {
  heading: string;
  flags: { syntax: string; describe: string }[];
}

/** Describes every command that there is, sessions first. */
export async function describeCommands(): Promise<CommandReference[]> {
  const named = await Promise.all(
    [...commandTable].map(async ([name, { load }]) => describe(`kubectl crashcart ${name}`, await load())),
  );
  return [describe('kubectl crashcart TARGET', sessionCommand), ...named];
}

function describe(name: string, { usage, summary, examples, flags }: Command<unknown>): CommandReference {
  const groups = Map.groupBy(Object.entries(flags), ([, { group }]) => group.replace(/:$/, ''));
  return {
    name,
    usage,
    summary,
    examples,
    groups: [...groups].map(([heading, members]) => ({
      heading,
      flags: members.map(([flag, data]) => ({
        syntax: describeSyntax(flag, data),
        describe: data.describe,
      })),
    })),
  };
}

/** `-c, --container VALUE` */
function describeSyntax(name: string, { type, alias }: Flag): string {
  const value = { boolean: '', string: ' VALUE', list: ' VALUE...' }[type];
  return `${alias === undefined ? '' : `-${alias}, `}--${name}${value}`;
}
