import type { Command } from '../command-line/command.ts';
import { commandTable } from './command-table.ts';
import { sessionCommand } from './open/session-command.ts';
import { UsageError } from '../errors.ts';
import { suggestName } from '../command-line/nearest-name.ts';

/** The command that a command line names, and the rest of the line. */
export interface CommandChoice {
  command: Command;
  args: string[];
}

/**
 * Finds the command by the first word of the line, before any flag: the flags depend on the command.
 * `help COMMAND` is `COMMAND --help`.
 * @throws UsageError when `help` is asked about an unknown command.
 */
export async function chooseCommand(args: string[]): Promise<CommandChoice> {
  const [word, ...rest] = args;
  if (word === 'help') {
    const [name] = rest;
    if (name !== undefined && !name.startsWith('-') && name !== 'help' && !commandTable.has(name))
      throw new UsageError(`there is no command "${name}"${suggestName(name, [...commandTable.keys()])}`);
    const { command } = await chooseCommand(rest);
    return { command, args: ['--help'] };
  }
  const entry = word === undefined ? undefined : commandTable.get(word);
  return entry ? { command: await entry.load(), args: rest } : { command: sessionCommand, args };
}
