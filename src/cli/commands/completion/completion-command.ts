import * as z from 'zod';
import type { Command } from '../../command-line/command.ts';
import { installCompletion } from './kubectl-completion.ts';
import { shellScripts } from './shell-scripts.ts';
import { UsageError } from '../../errors.ts';
import { helpFlag } from '../../options/help-flag.ts';
import { suggestName } from '../../command-line/nearest-name.ts';
import { escapeText } from '../../../failure/escape-text.ts';

const whatSchema = z.enum(['install', 'bash', 'zsh', 'fish', 'powershell']);
const optionsSchema = z.object({ what: whatSchema, directory: z.string().min(1).nullable() });
export type CompletionOptions = z.infer<typeof optionsSchema>;

/** Installs completion for kubectl, or prints a shell's script. */
export const completionCommand: Command<CompletionOptions> = {
  usage: [
    'kubectl crashcart completion install [--directory DIR]',
    'kubectl crashcart completion bash|zsh|fish|powershell',
  ].join('\n'),
  summary: [
    'Complete targets, containers, namespaces, tools and flags by Tab.',
    '',
    'install: for `kubectl crashcart`. The completion of kubectl itself has to be',
    'loaded: source <(kubectl completion bash)',
    'bash, zsh, fish, powershell: print the script for kubectl-crashcart called by',
    'its own name.',
  ].join('\n'),
  examples: [
    { purpose: 'In kubectl, in any shell', line: 'kubectl crashcart completion install' },
    {
      purpose: 'For kubectl-crashcart by its own name, in bash',
      line: 'source <(kubectl crashcart completion bash)',
    },
    { purpose: 'The same in zsh', line: 'source <(kubectl crashcart completion zsh)' },
    { purpose: 'The same in fish', line: 'kubectl crashcart completion fish | source' },
    {
      purpose: 'The same in PowerShell',
      line: 'kubectl crashcart completion powershell | Out-String | Invoke-Expression',
    },
  ],
  flags: {
    directory: {
      type: 'string',
      describe: 'folder that kubectl-crashcart is in [the first of PATH that has it]',
      group: 'Install:',
      values: 'file',
    },
    ...helpFlag,
  },
  argument: whatSchema.options,
  complete: ({ flags, positional, rest }) => {
    const [what, ...more] = positional;
    const options: string[] = whatSchema.options;
    if (what === undefined || !options.includes(what) || more.length > 0 || rest !== null)
      throw new UsageError(
        `completion takes one of: ${options.join(', ')}${suggestName(what ?? '', options)}`,
      );
    if (what !== 'install' && flags['directory'] !== undefined)
      throw new UsageError('--directory is for `completion install`');
    return { what, directory: flags['directory'] ?? null };
  },
  schema: optionsSchema,
  async run({ what, directory }, { stdout, reporter, env }) {
    if (what !== 'install') {
      stdout.write(shellScripts[what]);
      return 0;
    }
    const file = await installCompletion(directory, env, process.platform);
    stdout.write(`${escapeText(file)}\n`);
    reporter.tell(
      "kubectl completes `kubectl crashcart` now, in shells that have loaded kubectl's completion.",
    );
    return 0;
  },
};
