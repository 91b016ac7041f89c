import { formatOptions } from '../command-line/adapter.ts';
import { type Command, type Example, listCommandOptions } from '../command-line/command.ts';
import { commandTable } from './command-table.ts';
import { sessionCommand } from './open/session-command.ts';

/** @returns the text of `--help`, laid out as kubectl's. */
export async function formatHelp(command: Command): Promise<string> {
  const sections = [
    command.summary,
    `Examples:\n${formatExamples(command.examples)}`,
    // The help of the plugin itself lists the commands.
    ...(command === sessionCommand ? [`Commands:\n${formatCommands()}`] : []),
    await formatOptions(listCommandOptions(command)),
    `Usage:\n${indent(command.usage)}`,
    ...(command === sessionCommand
      ? ['Use "kubectl crashcart COMMAND --help" for more about a command.']
      : []),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** @returns examples in the layout of kubectl's help: each below its purpose. */
export function formatExamples(examples: Example[]): string {
  return examples.map(({ purpose, line }) => indent(`# ${purpose}\n${line}`)).join('\n\n');
}

function formatCommands(): string {
  return [...commandTable].map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`).join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
