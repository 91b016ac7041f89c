import * as z from 'zod';
import { defineArgument } from '../../command-line/argument.ts';
import { defineCommand } from '../../command-line/command.ts';
import { createGroup } from '../../command-line/option.ts';
import { UsageError } from '../../errors.ts';
import { installCompletion } from './kubectl-completion.ts';
import { shellScripts } from './shell-scripts.ts';
import { escapeText } from '../../../failure/escape-text.ts';

const { defineOption } = createGroup('Install:');

const whatSchema = z.enum(['install', 'bash', 'zsh', 'fish', 'powershell']);
const directoryOption = defineOption({
  flag: 'directory',
  describe: 'folder that kubectl-crashcart is in',
  unset: 'the first of PATH that has it',
  values: 'file',
});

/** Installs completion for kubectl, or prints a shell's script. */
export const completionCommand = defineCommand({
  name: 'completion',
  usage: [
    'kubectl crashcart completion install [--directory DIR]',
    'kubectl crashcart completion bash|zsh|fish|powershell',
  ].join('\n'),
  summary: [
    'Complete targets, containers, namespaces, tools and flags by Tab.',
    '',
    "install: for `kubectl crashcart`. Load kubectl's own completion first, such as",
    'by',
    'source <(kubectl completion bash)',
    'bash, zsh, fish, powershell: print the script that completes kubectl-crashcart,',
    'called by that name.',
  ].join('\n'),
  examples: [
    { purpose: 'For `kubectl crashcart`, in any shell', line: 'kubectl crashcart completion install' },
    { purpose: 'For `kubectl-crashcart`, in bash', line: 'source <(kubectl crashcart completion bash)' },
    { purpose: 'The same in zsh', line: 'source <(kubectl crashcart completion zsh)' },
    { purpose: 'The same in fish', line: 'kubectl crashcart completion fish | source' },
    {
      purpose: 'The same in PowerShell',
      line: 'kubectl crashcart completion powershell | Out-String | Invoke-Expression',
    },
  ],
  options: { directory: directoryOption },
  arguments: { what: defineArgument({ name: 'WHAT', schema: whatSchema, values: whatSchema.options }) },
  validate: ({ what, directory }) => {
    if (what !== 'install' && directory !== null)
      throw new UsageError('--directory is for `completion install`');
  },
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
});
