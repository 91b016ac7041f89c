import * as z from 'zod';
import type { Command } from '../command-line/command.ts';
import { UsageError } from '../errors.ts';
import { helpFlag } from '../options/help-flag.ts';
import { version } from '../plugin-version.ts';

/** Prints the version of the plugin. */
export const versionCommand: Command<object> = {
  usage: 'kubectl crashcart version',
  summary: 'Print the version of the plugin.',
  examples: [{ purpose: 'The version', line: 'kubectl crashcart version' }],
  flags: helpFlag,
  complete: ({ positional, rest }) => {
    if (positional.length > 0 || rest !== null) throw new UsageError('"version" takes no arguments');
    return {};
  },
  schema: z.object({}),
  run: (_options, { stdout }) => {
    stdout.write(`kubectl-crashcart ${version}\n`);
    return Promise.resolve(0);
  },
};
