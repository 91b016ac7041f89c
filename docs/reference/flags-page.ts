import { formatExamples } from '../../src/cli/commands/help.ts';
import type { CommandReference } from './command-reference.ts';

/** @returns the text of docs/flags.md. */
export function formatFlagsPage(commands: CommandReference[]): string {
  const sections = commands.map(({ name, usage, summary, examples, groups }) => {
    const tables = groups.map(({ heading, flags }) => {
      const rows = flags.map(({ syntax, describe }) => `| \`${syntax}\` | ${escapeCell(describe)} |`);
      return [`| ${heading} | |`, '|---|---|', ...rows].join('\n');
    });
    return [
      `## ${name}`,
      `\`\`\`\n${[usage, summary, `Examples:\n${formatExamples(examples)}`].join('\n\n')}\n\`\`\``,
      ...tables,
    ].join('\n\n');
  });
  const introduction =
    'Every command and flag, as `--help` tells them. Written by `npm run docs`. A default is in brackets; `VALUE...` can\n' +
    'be given several times. Flags stand after `crashcart`; what follows `--` is the command and its own flags.';
  return `${['# Flags', introduction, ...sections].join('\n\n')}\n`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
