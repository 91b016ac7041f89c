import type * as z from 'zod';
import { formatHelp, parseArguments } from './adapter.ts';
import type { Command } from './command.ts';
import { sessionCommand } from './commands/session-command.ts';
import type { Context } from './context.ts';
import { UsageError } from './errors.ts';
import { reportError } from './report.ts';
import { version } from './version.ts';

/** Runs a command line. @returns the exit code. */
export async function runCLI(args: string[], context: Context): Promise<number> {
  // Whoever reads them may go away at any time; those who write find out by themselves.
  context.stdout.on('error', () => undefined);
  context.stderr.on('error', () => undefined);
  try {
    return await run(sessionCommand, args, context);
  } catch (error) {
    return reportError(error, context.stderr);
  }
}

async function run<Options>(command: Command<Options>, args: string[], context: Context): Promise<number> {
  const raw = parseArguments(args, command.flags);
  const [word] = raw.positional;
  if (raw.flags['help'] === true || word === 'help') {
    context.stdout.write(await formatHelp(command.usage, command.summary, command.flags));
    return 0;
  }
  if (raw.flags['version'] === true || word === 'version') {
    context.stdout.write(`kubectl-crashcart ${version}\n`);
    return 0;
  }
  const parsed = command.schema.safeParse(command.complete(raw, context));
  if (!parsed.success) throw new UsageError(describeIssues(parsed.error));
  return await command.run(parsed.data, context);
}

function describeIssues(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}
