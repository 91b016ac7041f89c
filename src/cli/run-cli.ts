import { parseArguments } from './command-line/adapter.ts';
import { listCommandOptions } from './command-line/command.ts';
import { type CommandChoice, chooseCommand } from './commands/command-choice.ts';
import { commandTable, isReservedWord } from './commands/command-table.ts';
import { sessionCommand } from './commands/open/session-command.ts';
import { type Context, createContext, type Streams } from './context.ts';
import { UsageError } from './errors.ts';
import { formatHelp } from './commands/help.ts';
import { adviseCommand } from './commands/mistyped-command.ts';
import { readCommand } from './options/option-values.ts';
import { decideSettings } from './options/settings.ts';
import { OutputWatch } from './process/output-watch.ts';
import { version } from './plugin-version.ts';

/** A cluster nearby answers in a fifth of this time, and nobody waits longer for the Tab key. */
const completionLimitMs = 1000;

/** Runs a command line, and prints what failed. @returns the exit code. */
export async function runCLI(args: string[], streams: Streams): Promise<number> {
  const context = createContext(streams);
  const outputs = new OutputWatch(context);
  try {
    const [word, ...words] = args;
    // Called by the completion scripts only, so it is not in the table of commands.
    if (word === '__complete') {
      const { completeLine } = await import('./completion/complete-line.ts');
      const commands = { summaries: commandTable, choose: chooseCommand };
      return await completeLine(words, commands, context, AbortSignal.timeout(completionLimitMs));
    }
    const code = await run(await chooseCommand(args), context);
    await outputs.check();
    return code;
  } catch (error) {
    return context.reporter.failure(outputs.explain(error));
  }
}

/** Tells of an error that nobody has caught. @returns the exit code. */
export function reportDefect(error: unknown, streams: Streams): number {
  return createContext(streams).reporter.failure(error);
}

async function run(choice: CommandChoice, context: Context): Promise<number> {
  try {
    return await runCommand(choice, context);
  } catch (error) {
    if (choice.command !== sessionCommand) throw error;
    throw adviseCommand(error, choice.args[0]);
  }
}

async function runCommand({ command, args }: CommandChoice, context: Context): Promise<number> {
  const options = listCommandOptions(command);
  const raw = parseArguments(args, options);
  if (raw.flags['help'] === true) {
    context.stdout.write(await formatHelp(command));
    return 0;
  }
  if (raw.flags['version'] === true) {
    context.stdout.write(`kubectl-crashcart ${version}\n`);
    return 0;
  }
  if (command === sessionCommand) refuseReservedWord(raw.positional[0]);
  const settings = await decideSettings(raw, options, context.env);
  return await command.run(readCommand(command, raw, settings), context);
}

function refuseReservedWord(word: string | undefined): void {
  if (word === undefined || !isReservedWord(word)) return;
  throw new UsageError(
    `"${word}" is a command, and a command comes first; for a pod of that name use pod/${word}`,
  );
}
