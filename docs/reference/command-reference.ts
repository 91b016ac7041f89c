import { commandTable } from '../../src/cli/commands/command-table.ts';
import { sessionCommand } from '../../src/cli/commands/open/session-command.ts';
import { type Command, type Example, listCommandOptions } from '../../src/cli/command-line/command.ts';
import { describeOption, type Option } from '../../src/cli/command-line/option.ts';

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

function describe(name: string, command: Command): CommandReference {
  const { usage, summary, examples } = command;
  const groups = Map.groupBy(listCommandOptions(command), ({ group }) => group.replace(/:$/, ''));
  return {
    name,
    usage,
    summary,
    examples,
    groups: [...groups].map(([heading, members]) => ({
      heading,
      flags: members.map((option) => ({
        syntax: describeSyntax(option),
        describe: describeOption(option),
      })),
    })),
  };
}

/** `-c, --container VALUE` */
function describeSyntax({ flag, type, alias }: Option): string {
  const value = { boolean: '', string: ' VALUE', list: ' VALUE...' }[type];
  return `${alias === undefined ? '' : `-${alias}, `}--${flag}${value}`;
}
