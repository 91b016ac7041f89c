import type * as z from 'zod';
import { formatHelp, parseArguments } from './adapter.ts';
import { type CommandChoice, chooseCommand } from './command-choice.ts';
import type { Command } from './command.ts';
import { commandTable, isReservedWord } from './commands/command-table.ts';
import { sessionCommand } from './commands/session-command.ts';
import type { Context } from './context.ts';
import { UsageError } from './errors.ts';
import { reportError } from './report.ts';
import { applySettings } from './settings.ts';
import { version } from './version.ts';

/** Of the whole process: with kubectl's own start the user is to see something within 300 ms. */
const completionLimitMs = 220;

/** Runs a command line. @returns the exit code. */
export async function runCLI(args: string[], context: Context): Promise<number> {
  // Whoever reads them may go away at any time; those who write find out by themselves.
  context.stdout.on('error', () => undefined);
  context.stderr.on('error', () => undefined);
  try {
    const [word, ...words] = args;
    // Not for users, so in no table.
    if (word === '__complete') {
      const { completeLine } = await import('./completion/complete-line.ts');
      // From the start of the process on, but some time is left on a machine that is slow to start it.
      const limitMs = Math.max(50, Math.round(completionLimitMs - performance.now()));
      return await completeLine(words, context, AbortSignal.timeout(limitMs));
    }
    return await run(await chooseCommand(args), context);
  } catch (error) {
    return reportError(error, context.stderr);
  }
}

async function run({ command, args }: CommandChoice, context: Context): Promise<number> {
  const raw = parseArguments(args, command.flags);
  if (raw.flags['help'] === true) {
    context.stdout.write(await describeCommand(command));
    return 0;
  }
  if (raw.flags['version'] === true) {
    context.stdout.write(`kubectl-crashcart ${version}\n`);
    return 0;
  }
  if (command === sessionCommand) refuseReservedWord(raw.positional[0]);
  const configured = await applySettings(raw, command.flags, context.env);
  const parsed = command.schema.safeParse(command.complete(configured, context));
  if (!parsed.success) throw new UsageError(describeIssues(parsed.error));
  return await command.run(parsed.data, context);
}

async function describeCommand(command: Command<unknown>): Promise<string> {
  const help = await formatHelp(command.usage, command.summary, command.flags);
  if (command !== sessionCommand) return help;
  const lines = [...commandTable].map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}\n`);
  return `${help}\nCommands (kubectl crashcart COMMAND --help tells more):\n${lines.join('')}`;
}

function refuseReservedWord(word: string | undefined): void {
  if (word === undefined || !isReservedWord(word)) return;
  const isCommand = word === 'help' || commandTable.has(word);
  throw new UsageError(
    isCommand
      ? `"${word}" is a command, and commands stand first; a pod of that name is given as pod/${word}`
      : `"${word}" is a reserved word: a pod of that name is given as pod/${word}`,
  );
}

function describeIssues(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}
